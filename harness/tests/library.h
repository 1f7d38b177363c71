// The library under test, and short forms of what the tests do often.
#ifndef LIBRARY_H
#define LIBRARY_H

#include "jsep.h"

#define LIBRARY_FUNCTIONS(FUNCTION)    \
    FUNCTION(abi_version)              \
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
    FUNCTION(engine_idle)              \
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

struct library {
    void* handle;
#define LIBRARY_MEMBER(name) __typeof__(&jsep_##name) name;
    LIBRARY_FUNCTIONS(LIBRARY_MEMBER)
#undef LIBRARY_MEMBER
};

// The library that the tests use.
extern struct library jsep;

// Loads it, or says why not and answers false.
bool library_open(const char* path);
void library_close(void);

// Bytes that grow.
struct text {
    char* data;
    size_t len;
};

void text_append(struct text* text, const void* data, size_t len);
void text_free(struct text* text);
// A sink that appends to `text`.
jsep_sink text_sink(struct text* text);

// A string without its NUL byte.
jsep_bytes bytes_of(const char* string);
bool bytes_equal(jsep_bytes bytes, const void* data, size_t len);
bool bytes_are(jsep_bytes bytes, const char* string);
bool bytes_contain(jsep_bytes bytes, const char* part);

// Checks that `status` is `expected` and that the thread's last error says the same about `function`.
void check_error(jsep_status status, jsep_status expected, const char* function, const char* name);

// Options of the engine from the command line.
extern const jsep_option* engine_options;
extern size_t engine_option_count;

// An engine with these options, or null after a failed check.
jsep_engine* start_engine(void);
// A registry with the app of the tests, or null after a failed check.
jsep_registry* install_app(const jsep_engine* engine);

// A packed bundle: `metadata` is JSON, the module's text is not yet. The caller frees the text.
struct text make_bundle(const char* metadata, const char* module, const char* source);
jsep_status install_text(const jsep_registry* registry, struct text bundle);

#endif
