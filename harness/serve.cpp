// Serves the app over HTTP until it is told to end.

#include <csignal>
#include <iostream>
#include <memory>

#include "application.hpp"
#include "auth.hpp"
#include "commands.hpp"
#include "http_server.hpp"
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

// Reads everything again that came from files and may change. What can't be read stays as it was.
void reload(const ServeArguments& arguments, Application& application, Authenticator& authenticator, Log& log) {
    const auto guarded = [&log](const std::string& what, const auto& work) {
        try {
            work();
            log.write(JSEP_LOG_INFO, "installed " + what + " again");
        } catch (const std::exception& error) {
            log.write(JSEP_LOG_FAIL, std::string("the former version keeps serving: ") + error.what());
        }
    };
    if (!arguments.users.empty()) {
        guarded(arguments.users, [&] { authenticator.set_users(Authenticator::read_users(arguments.users)); });
    }
    guarded(arguments.app, [&] { application.reinstall(); });
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
    Application application(arguments.plugin, arguments.app, arguments.options, arguments.cache, log);
    const Service service(application, authenticator, log, arguments.service);
    HttpServer server(
        pool, log, [&service](const Request& request) { return service.answer(request); }, tls.get());
    server.listen(arguments.listen);
    std::cout << "listening on " << server.url() << std::endl;
    server.run(signals, [&](int signal) {
        if (signal != SIGHUP) {
            return false;
        }
        pool.run([&] { reload(arguments, application, authenticator, log); });
        return true;
    });
    return 0;
}
