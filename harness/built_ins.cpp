#include "built_ins.hpp"

void BuiltIns::add(const std::string& method, const std::string& path, Handler handler) {
    paths_[path][method] = std::move(handler);
}

std::string_view BuiltIns::path_of(const Request& request) {
    static constexpr std::string_view PREFIX = "/app";
    const std::string_view path = request.path;
    const bool prefixed = path.substr(0, PREFIX.size() + 1) == "/app/";
    return prefixed ? path.substr(PREFIX.size()) : path;
}

const BuiltIns::Handler* BuiltIns::find(const Request& request) const {
    const auto path = paths_.find(path_of(request));
    if (path == paths_.end()) {
        return nullptr;
    }
    const auto handler = path->second.find(request.method == "HEAD" ? "GET" : request.method);
    return handler == path->second.end() ? nullptr : &handler->second;
}

std::string BuiltIns::methods(const Request& request) const {
    const auto path = paths_.find(path_of(request));
    if (path == paths_.end()) {
        return {};
    }
    std::string methods = "OPTIONS";
    for (const auto& [method, handler] : path->second) {
        methods += ", " + method;
    }
    return methods;
}

Answer json_answer(int status, std::string body) {
    Answer answer;
    answer.status = status;
    answer.headers = {{"content-type", "application/json"}};
    answer.body = std::move(body);
    return answer;
}
