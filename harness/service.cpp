#include "service.hpp"

#include "file.hpp"
#include "ledger_endpoints.hpp"
#include "openapi.hpp"
#include "start_error.hpp"

namespace {

std::optional<LedgerFile> ledger_file(const ServiceArguments& arguments) {
    return arguments.store.empty() ? std::nullopt : std::make_optional<LedgerFile>(arguments.store);
}

// The node that the arguments name, or the one that signed in the file before, or a new one.
NodeIdentity node_identity(const ServiceArguments& arguments, std::optional<LedgerFile>& file) {
    if (arguments.node_key.empty() != arguments.node_certificate.empty()) {
        throw StartError("--node-key and --node-cert need each other");
    }
    if (!arguments.node_key.empty()) {
        return NodeIdentity::read(read_file(arguments.node_key), read_file(arguments.node_certificate));
    }
    if (const std::optional<StoredNode> stored = file ? file->node() : std::nullopt) {
        return NodeIdentity::read(stored->key, stored->certificate);
    }
    NodeIdentity node = NodeIdentity::make();
    if (file) {
        file->set_node(StoredNode{node.key_pem(), node.certificate()});
    }
    return node;
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
    : file_(ledger_file(arguments)),
      ledger_(store_, node_identity(arguments, file_), arguments.signature_interval, file_ ? &*file_ : nullptr),
      history_(ledger_, arguments.historical_delay),
      restrictions_(restrictions(arguments)),
      subprocesses_(arguments.allows_subprocesses ? std::make_optional<Subprocesses>() : std::nullopt),
      confined_(arguments.confined_threads == 0
                    ? nullptr
                    : std::make_unique<ConfinedThreads>(arguments.confined_threads, application.engine().makes_code(),
                                                        log.descriptor())),
      dispatcher_(application.registry(), store_, authenticator,
                  HostServices{log, &history_, restrictions_.empty() ? nullptr : &restrictions_,
                               subprocesses_ ? &*subprocesses_ : nullptr, confined_.get()},
                  &built_ins_, &metrics_) {
    add_ledger_endpoints(built_ins_, history_);
    built_ins_.add("GET", "/api/metrics", [this](const Request&) { return json_answer(200, metrics_.report()); });
    built_ins_.add("GET", "/api", [&application](const Request&) {
        return json_answer(200, openapi_document(*application.bundle()).dump());
    });
    add_operator_endpoints(built_ins_, application, authenticator, arguments.operators);
}
