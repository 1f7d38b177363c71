#include "service.hpp"

#include "file.hpp"
#include "ledger_endpoints.hpp"
#include "openapi.hpp"
#include "start_error.hpp"

namespace {

NodeIdentity node_identity(const ServiceArguments& arguments) {
    if (arguments.node_key.empty() != arguments.node_certificate.empty()) {
        throw StartError("--node-key and --node-cert need each other");
    }
    return arguments.node_key.empty()
               ? NodeIdentity::make()
               : NodeIdentity::read(read_file(arguments.node_key), read_file(arguments.node_certificate));
}

MapRestrictions restrictions(const ServiceArguments& arguments) {
    MapRestrictions restrictions;
    for (const std::string& text : arguments.restricted_maps) {
        restrictions.add(text);
    }
    return restrictions;
}

}  // namespace

Service::Service(Application& application, const Authenticator& authenticator, Log& log,
                 const ServiceArguments& arguments)
    : ledger_(store_, node_identity(arguments), arguments.signature_interval),
      history_(ledger_, arguments.historical_delay),
      restrictions_(restrictions(arguments)),
      subprocesses_(arguments.allows_subprocesses ? std::make_optional<Subprocesses>() : std::nullopt),
      dispatcher_(application.registry(), store_, authenticator,
                  HostServices{log, &history_, restrictions_.empty() ? nullptr : &restrictions_,
                               subprocesses_ ? &*subprocesses_ : nullptr},
                  &built_ins_, &metrics_) {
    add_ledger_endpoints(built_ins_, history_);
    built_ins_.add("GET", "/api/metrics", [this](const Request&) { return json_answer(200, metrics_.report()); });
    built_ins_.add("GET", "/api", [&application](const Request&) {
        return json_answer(200, openapi_document(*application.bundle()).dump());
    });
    add_operator_endpoints(built_ins_, application, authenticator, arguments.operators);
}
