// A loaded plugin library: the functions of jsep.h, found by name at run time.
#pragma once

#include <stdexcept>
#include <string>

#include "jsep.h"

// Every function of the interface but jsep_abi_version, which is asked first and alone.
#define JSEP_HOST_FUNCTIONS(FUNCTION)  \
    FUNCTION(library_name)             \
    FUNCTION(last_error)               \
    FUNCTION(error_take)               \
    FUNCTION(error_status)             \
    FUNCTION(error_message)            \
    FUNCTION(error_function)           \
    FUNCTION(error_module)             \
    FUNCTION(error_path)               \
    FUNCTION(error_line)               \
    FUNCTION(error_column)             \
    FUNCTION(error_free)               \
    FUNCTION(engine_new)               \
    FUNCTION(engine_report)            \
    FUNCTION(engine_timings_get)       \
    FUNCTION(engine_free)              \
    FUNCTION(registry_new)             \
    FUNCTION(registry_install)         \
    FUNCTION(registry_set_cache)       \
    FUNCTION(registry_set_options)     \
    FUNCTION(registry_report)          \
    FUNCTION(registry_timings_get)     \
    FUNCTION(registry_find)            \
    FUNCTION(registry_methods)         \
    FUNCTION(registry_free)            \
    FUNCTION(endpoint_template)        \
    FUNCTION(endpoint_mode)            \
    FUNCTION(endpoint_properties)      \
    FUNCTION(endpoint_execute)         \
    FUNCTION(endpoint_free)            \
    FUNCTION(response_status)          \
    FUNCTION(response_header_count)    \
    FUNCTION(response_header)          \
    FUNCTION(response_body)            \
    FUNCTION(response_apply_writes)    \
    FUNCTION(response_claims_digest)   \
    FUNCTION(response_timed_out)       \
    FUNCTION(response_exception)       \
    FUNCTION(response_exception_trace) \
    FUNCTION(response_timings_get)     \
    FUNCTION(response_free)            \
    FUNCTION(log_open)                 \
    FUNCTION(log_verify)               \
    FUNCTION(log_report)               \
    FUNCTION(log_free)                 \
    FUNCTION(realm_open)               \
    FUNCTION(realm_call)               \
    FUNCTION(realm_eval)               \
    FUNCTION(realm_report)             \
    FUNCTION(realm_free)

class Plugin {
public:
    // Loads the library at `path`, or by name from the system's places. Throws StartError.
    explicit Plugin(const std::string& path);
    ~Plugin();
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    // The functions, by their names without the prefix: plugin.engine_new(...).
#define JSEP_HOST_DECLARE(name) decltype(&::jsep_##name) name = nullptr;
    JSEP_HOST_FUNCTIONS(JSEP_HOST_DECLARE)
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
