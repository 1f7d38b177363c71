// Endpoints of the host itself. An endpoint of the app with the same path and method hides them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "message.hpp"

class BuiltIns {
public:
    using Handler = std::function<Answer(const Request&)>;

    // `path` is without the leading `/app`.
    void add(const std::string& method, const std::string& path, Handler handler);

    // The path by which a request's path is known here.
    static std::string_view path_of(const Request& request);
    // Null when there is none. HEAD finds the handler for GET.
    const Handler* find(const Request& request) const;
    // The methods of the request's path as in an `allow` header; nothing when it is not known.
    std::string methods(const Request& request) const;

private:
    std::map<std::string, std::map<std::string, Handler>, std::less<>> paths_;  // By path and method.
};

Answer json_answer(int status, std::string body);
