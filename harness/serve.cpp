// Serves the app over HTTP until it is told to end.

#include <csignal>
#include <functional>
#include <iostream>
#include <memory>

#include "application.hpp"
#include "auth.hpp"
#include "commands.hpp"
#include "http_server.hpp"
#include "realm_service.hpp"
#include "service.hpp"
#include "start_error.hpp"
#include "thread_pool.hpp"

namespace {

std::unique_ptr<const TlsContext> make_tls(const ServeArguments& arguments) {
    if (arguments.tls_certificate.empty() != arguments.tls_key.empty()) {
        throw StartError("--tls-cert and --tls-key need each other");
    }
    if (arguments.tls_certificate.empty()) {
        if (!arguments.client_ca.empty()) {
            throw StartError("--client-ca needs --tls-cert and --tls-key");
        }
        return nullptr;
    }
    return std::make_unique<const TlsContext>(arguments.tls_certificate, arguments.tls_key, arguments.client_ca);
}

Authenticator make_authenticator(const ServeArguments& arguments) {
    TokenIssuers issuers;
    for (const auto& [issuer, path] : arguments.token_issuers) {
        issuers[issuer].push_back(read_public_key(path));
    }
    return Authenticator(arguments.users.empty() ? Authenticator::Users() : Authenticator::read_users(arguments.users),
                         std::move(issuers));
}

// Reads again what came from a file and may have changed. What can't be read stays as it was.
void reload(const std::string& what, Log& log, const std::function<void()>& work) {
    try {
        work();
        log.write(JSEP_LOG_INFO, "installed " + what + " again");
    } catch (const std::exception& error) {
        log.write(JSEP_LOG_FAIL, std::string("the former version keeps serving: ") + error.what());
    }
}

void reload_users(const ServeArguments& arguments, Authenticator& authenticator, Log& log) {
    if (!arguments.users.empty()) {
        reload(arguments.users, log, [&] { authenticator.set_users(Authenticator::read_users(arguments.users)); });
    }
}

// Serves until the program is told to end. `on_hangup` is run by the pool.
void run_server(const ServeArguments& arguments, const SignalQueue& signals, ThreadPool& pool, Log& log,
                const TlsContext* tls, const HttpConnection::Handler& handler, const std::function<void()>& on_hangup) {
    HttpServer server(pool, log, handler, tls);
    server.listen(arguments.listen);
    std::cout << "listening on " << server.url() << std::endl;
    server.run(signals, [&](int signal) {
        if (signal != SIGHUP) {
            return false;
        }
        pool.run(on_hangup);
        return true;
    });
}

RealmServiceArguments realm_arguments(const ServeArguments& arguments) {
    if (arguments.app.empty() == arguments.script.empty()) {
        throw StartError("--realm needs either --app or --script");
    }
    if (!arguments.service.store.empty() || !arguments.cache.directory.empty() ||
        arguments.service.confined_threads > 0 || arguments.service.operators != Operators::NOBODY) {
        throw StartError("--store, --cache, --seccomp and --custom-endpoints do not go with --realm");
    }
    return {arguments.plugin,  arguments.realm,    arguments.app,        arguments.script,
            arguments.options, arguments.on_throw, arguments.checkpoints};
}

}  // namespace

int serve(const ServeArguments& arguments) {
    // A peer that closes its connection must not end the program: writes report it.
    std::signal(SIGPIPE, SIG_IGN);
    const SignalQueue signals({SIGTERM, SIGINT, SIGHUP});
    Log log = arguments.log.empty() ? Log::to_standard_error() : Log::to_file(arguments.log);
    const std::unique_ptr<const TlsContext> tls = make_tls(arguments);
    Authenticator authenticator = make_authenticator(arguments);

    // In a real host threads are older than the plugin, and these show that it works: they exist before it is loaded.
    // The server finishes the pool, so no task outlives what it uses.
    ThreadPool pool(arguments.threads);
    if (!arguments.realm.empty()) {
        const RealmService service(realm_arguments(arguments), authenticator, log);
        // The code of a realm is part of its state, so there is nothing to read again but users.
        run_server(
            arguments, signals, pool, log, tls.get(), [&](const Request& request) { return service.answer(request); },
            [&] { reload_users(arguments, authenticator, log); });
        return 0;
    }
    Application application(arguments.plugin, arguments.app, arguments.options, arguments.cache, log);
    const Service service(application, authenticator, log, arguments.service);
    run_server(
        arguments, signals, pool, log, tls.get(), [&](const Request& request) { return service.answer(request); },
        [&] {
            reload_users(arguments, authenticator, log);
            reload(arguments.app, log, [&] { application.reinstall(); });
        });
    return 0;
}
