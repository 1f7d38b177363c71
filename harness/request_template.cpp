#include "request_template.hpp"

#include "file.hpp"
#include "start_error.hpp"

namespace {

constexpr std::string_view PLACEHOLDER = "{n}";

bool has_placeholder(const std::string& text) {
    return text.find(PLACEHOLDER) != std::string::npos;
}

std::string filled(std::string text, uint64_t number) {
    const std::string digits = std::to_string(number);
    for (size_t place = text.find(PLACEHOLDER); place != std::string::npos;
         place = text.find(PLACEHOLDER, place + digits.size())) {
        text.replace(place, PLACEHOLDER.size(), digits);
    }
    return text;
}

}  // namespace

RequestTemplate::RequestTemplate(const std::string& text, const Headers& headers) : headers_(headers) {
    const size_t method_end = text.find(' ');
    if (method_end == std::string::npos || method_end == 0) {
        throw StartError("--request " + text + ": it is not METHOD PATH [BODY]");
    }
    method_ = text.substr(0, method_end);
    const size_t target_end = text.find(' ', method_end + 1);
    target_ = text.substr(method_end + 1, target_end == std::string::npos ? target_end : target_end - method_end - 1);
    body_ = target_end == std::string::npos ? std::string() : text.substr(target_end + 1);
    if (body_.rfind('@', 0) == 0) {
        body_ = read_file(body_.substr(1));
    }
    has_number_ = has_placeholder(target_) || has_placeholder(body_);
}

Request RequestTemplate::first() const {
    Request request;
    request.method = method_;
    request.headers = headers_;
    set_number(request, 0);
    return request;
}

void RequestTemplate::set_number(Request& request, uint64_t number) const {
    set_target(request, filled(target_, number));
    request.body = filled(body_, number);
}
