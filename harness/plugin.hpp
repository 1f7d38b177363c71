// A loaded plugin library: the functions of jsep.h, found by name at run time.
#pragma once

#include <stdexcept>
#include <string>

#include "functions.h"

#include "jsep.h"

class Plugin {
public:
    // Loads the library at `path`, or by name from the system's places. Throws StartError.
    explicit Plugin(const std::string& path);
    ~Plugin();
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    // The functions, by their names without the prefix: plugin.engine_new(...).
#define JSEP_HOST_DECLARE(name) decltype(&::jsep_##name) name = nullptr;
    JSEP_FUNCTIONS(JSEP_HOST_DECLARE)
#undef JSEP_HOST_DECLARE

private:
    void* symbol(const char* name) const;
    void check_version() const;
    void find_functions();

    std::string path_;
    void* library_;
};

// A call of the library that failed, with the place that the library gives.
class LibraryError : public std::runtime_error {
public:
    // The calling thread's last error; `status` is what the call answered.
    static LibraryError last(const Plugin& plugin, jsep_status status);

    jsep_status status() const { return status_; }
    const std::string& message() const { return message_; }
    // `module:line:column`, or the same of `source` when the error is in no module, or nothing when it has no place.
    std::string place(const std::string& source) const;

private:
    LibraryError(const std::string& text, jsep_status status);

    jsep_status status_;
    std::string message_;
    std::string module_;
    std::string path_;
    uint32_t line_ = 0;
    uint32_t column_ = 0;
};

// Throws LibraryError unless `status` is JSEP_OK.
void require_ok(const Plugin& plugin, jsep_status status);
