#include "openssl.hpp"

#include <openssl/err.h>

#include "start_error.hpp"

[[noreturn]] void fail_of_openssl(const std::string& action) {
    char reason[256] = "unknown reason";
    const unsigned long code = ERR_peek_error();
    if (code != 0) {
        ERR_error_string_n(code, reason, sizeof(reason));
    }
    ERR_clear_error();
    throw StartError(action + ": " + reason);
}
