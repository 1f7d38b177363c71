// The functions of jsep.h that a host finds by name when it has loaded a library.
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

// All but jsep_abi_version, which is asked first and alone.
#define JSEP_FUNCTIONS(FUNCTION)       \
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
    FUNCTION(log_checkpoint)           \
    FUNCTION(log_trim)                 \
    FUNCTION(log_free)                 \
    FUNCTION(realm_open)               \
    FUNCTION(realm_call)               \
    FUNCTION(realm_eval)               \
    FUNCTION(realm_open_app)           \
    FUNCTION(realm_execute)            \
    FUNCTION(realm_endpoint)           \
    FUNCTION(realm_methods)            \
    FUNCTION(realm_upgrade)            \
    FUNCTION(realm_next_alarm)         \
    FUNCTION(realm_alarm)              \
    FUNCTION(realm_outgoing)           \
    FUNCTION(realm_incoming)           \
    FUNCTION(datagram_receiver)        \
    FUNCTION(realm_report)             \
    FUNCTION(realm_free)

#endif
