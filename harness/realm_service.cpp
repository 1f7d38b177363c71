#include "realm_service.hpp"

#include <variant>
#include <vector>

#include "bundle.hpp"
#include "bytes.hpp"
#include "file.hpp"
#include "start_error.hpp"

namespace {

constexpr const char* NAME = "service";
// Names an input: a request that comes a second time with it gets the answer of the first time.
constexpr std::string_view ID_HEADER = "idempotency-key";
constexpr size_t LONGEST_ID = 255;

// Everything that can't be used as it is, with the place that the library gives.
[[noreturn]] void refuse(const std::string& source, const LibraryError& error) {
    const std::string place = error.place(source);
    throw StartError((place.empty() ? source : place) + ": " + error.message());
}

// The endpoints of a realm get no store: a realm keeps its state itself.
jsep_host host_of(Log& log) {
    jsep_host host{};
    host.size = sizeof(host);
    host.context = &log;
    host.log = [](void* context, jsep_log_level level, jsep_bytes text) {
        static_cast<Log*>(context)->write(level, view(text));
    };
    return host;
}

Engine start_engine(const Plugin& plugin, const RealmServiceArguments& arguments, Log& log) {
    try {
        return Engine(plugin, arguments.options, log);
    } catch (const LibraryError& error) {
        throw StartError(arguments.plugin + ": " + error.message());
    }
}

RealmLog open_log(const Plugin& plugin, const RealmServiceArguments& arguments, const jsep_storage& storage) {
    try {
        return RealmLog(plugin, storage);
    } catch (const LibraryError& error) {
        throw StartError(arguments.data + ": " + error.message());
    }
}

DurableRealm open_realm(const Plugin& plugin, const Engine& engine, const RealmLog& log,
                        const RealmServiceArguments& arguments, const jsep_host& host) {
    const Options options = {{"on_throw", arguments.on_throw}};
    const bool is_app = arguments.script.empty();
    try {
        return is_app ? DurableRealm::of_app(plugin, engine, log, NAME, read_bundle(arguments.app), options, &host)
                      : DurableRealm(plugin, engine, log, NAME, read_file(arguments.script), options, &host);
    } catch (const LibraryError& error) {
        const bool is_log = error.status() == JSEP_LOG_DAMAGED || error.status() == JSEP_REPLAY_DIVERGED ||
                            error.status() == JSEP_STORAGE_FAILED;
        refuse(is_log ? arguments.data : (is_app ? arguments.app : arguments.script), error);
    }
}

// The id of the input that a request is. A key means what its caller asked for with it, and nobody else's answer.
std::string id_of(const Request& request, const std::string& caller) {
    const std::optional<std::string_view> key = request.header(ID_HEADER);
    if (!key || key->empty()) {
        return {};
    }
    std::string id = request.method + " " + request.path + "?" + request.query;
    for (const std::string_view part : {std::string_view(caller), *key}) {
        id += '\0';
        id += part;
    }
    return id;
}

}  // namespace

RealmService::RealmService(const RealmServiceArguments& arguments, const Authenticator& authenticator, Log& log)
    : authenticator_(authenticator),
      log_(log),
      plugin_(arguments.plugin),
      files_(arguments.data),
      storage_(files_.table()),
      host_(host_of(log)),
      engine_(start_engine(plugin_, arguments, log)),
      realm_log_(open_log(plugin_, arguments, storage_)),
      realm_(open_realm(plugin_, engine_, realm_log_, arguments, host_)),
      checkpointer_(arguments.plugin, arguments.data, arguments.options, arguments.checkpoints) {}

Answer RealmService::answer(const Request& request) const {
    try {
        return authenticate_and_execute(request);
    } catch (const LibraryError& error) {
        return refused(request, error);
    } catch (const std::exception& error) {
        // The path alone: queries, headers and bodies may hold secrets.
        log_.write(JSEP_LOG_FATAL, request.method + " " + request.path + ": " + error.what());
        return error_answer(500, "InternalError", "The request could not be executed.");
    }
}

Answer RealmService::authenticate_and_execute(const Request& request) const {
    if (const std::optional<std::string_view> key = request.header(ID_HEADER); key && key->size() > LONGEST_ID) {
        return error_answer(400, "InvalidHeaderValue",
                            "The idempotency-key is longer than " + std::to_string(LONGEST_ID) + " bytes.");
    }
    const std::optional<std::string> properties = realm_.endpoint(request.method, request.path);
    if (!properties) {
        return execute(request, {});
    }
    const auto outcome = authenticator_.authenticate(*properties, request);
    if (const auto* refusals = std::get_if<Refusals>(&outcome)) {
        return refusal_answer(*refusals);
    }
    return execute(request, std::get<Caller>(outcome).json);
}

Answer RealmService::execute(const Request& request, const std::string& caller) const {
    const LentRequest lent(request, caller);
    const Response response = realm_.execute(id_of(request, caller), lent.get(), &host_);
    Answer answer;
    answer.status = response.status();
    answer.headers = response.headers();
    answer.body = response.body();
    answer.timings = response.timings();
    look_for_checkpoint();
    return answer;
}

// One thread at a time; the others have better things to do.
void RealmService::look_for_checkpoint() const {
    const std::unique_lock<std::mutex> looking(looking_, std::try_to_lock);
    if (!looking) {
        return;
    }
    try {
        checkpointer_.look(realm_log_, realm_);
    } catch (const LibraryError& error) {
        // The answer is there all the same.
        log_.write(JSEP_LOG_FAIL, "checkpoint: " + error.message());
    }
}

// The answer to a request that has no turn, or whose turn is not known to be on the disk.
Answer RealmService::refused(const Request& request, const LibraryError& error) const {
    switch (error.status()) {
        case JSEP_PATH_UNKNOWN:
            return error_answer(404, "ResourceNotFound", error.message());
        case JSEP_METHOD_UNSUPPORTED: {
            Answer answer;
            answer.status = 204;
            if (request.method != "OPTIONS") {
                answer = error_answer(405, "UnsupportedHttpVerb", error.message());
            }
            answer.headers.emplace_back("allow", realm_.methods(request.path));
            return answer;
        }
        case JSEP_INVALID_ARGUMENT:
            return error_answer(400, "InvalidInput", error.message());
        default:
            log_.write(JSEP_LOG_FATAL, request.method + " " + request.path + ": " + error.message());
            return error_answer(503, "RealmStopped", "The realm can't answer. Retry later, with the same key.");
    }
}
