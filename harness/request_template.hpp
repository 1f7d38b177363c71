// Requests that are the same but for a running number.
#pragma once

#include <string>

#include "message.hpp"

class RequestTemplate {
public:
    // `text` is METHOD TARGET [BODY], where {n} stands for the number and a body @FILE for the contents of a file.
    // Throws StartError.
    RequestTemplate(const std::string& text, const Headers& headers);

    // The request with number 0.
    Request first() const;
    void set_number(Request& request, uint64_t number) const;
    bool has_number() const { return has_number_; }

private:
    std::string method_;
    std::string target_;
    std::string body_;
    Headers headers_;
    bool has_number_;
};
