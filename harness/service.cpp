#include "service.hpp"

#include "file.hpp"
#include "ledger_endpoints.hpp"
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

}  // namespace

Service::Service(Application& application, const Authenticator& authenticator, Log& log,
                 const ServiceArguments& arguments)
    : ledger_(store_, node_identity(arguments), arguments.signature_interval),
      history_(ledger_, arguments.historical_delay),
      dispatcher_(application.registry(), store_, authenticator, HostServices{log, &history_}, &built_ins_, &metrics_) {
    add_ledger_endpoints(built_ins_, history_);
    built_ins_.add("GET", "/api/metrics", [this](const Request&) { return json_answer(200, metrics_.report()); });
}
