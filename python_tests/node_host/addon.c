// A module for Node.js that has an app of the library served on the thread that calls: open(LIB, OPTIONS), serve(), close().
#include <node_api.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "host.h"

static jsep_engine* engine;
static jsep_registry* registry;
static struct host host;

static void read_text(napi_env env, napi_value value, char* text, size_t size) {
    size_t length = 0;
    napi_get_value_string_utf8(env, value, text, size, &length);
}

static napi_value truth(napi_env env, bool value) {
    napi_value result = NULL;
    napi_get_boolean(env, value, &result);
    return result;
}

// The second argument is the value of the option `jit`, or nothing.
static napi_value open_library(napi_env env, napi_callback_info info) {
    size_t count = 2;
    napi_value arguments[2];
    napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    char path[4096] = "";
    static char jit[16] = "";
    read_text(env, arguments[0], path, sizeof(path));
    read_text(env, arguments[1], jit, sizeof(jit));
    static jsep_option option;
    option = (jsep_option){bytes_of("jit"), bytes_of(jit)};
    engine_options = &option;
    engine_option_count = jit[0] == '\0' ? 0 : 1;
    host_init(&host);
    engine = library_open(path) ? start_engine() : NULL;
    registry = engine == NULL ? NULL : install_app(engine);
    return truth(env, registry != NULL);
}

// Whether requests are answered as they ought to be, with callbacks on this thread.
static napi_value serve(napi_env env, napi_callback_info info) {
    (void)info;
    const bool good = run_status(registry, &host, "PUT", "/item/a", bytes_of("value")) == 204 &&
                      answers(registry, &host, "/item/a", "value") && answers(registry, &host, "/count", "1") &&
                      run_status(registry, &host, "GET", "/throw", bytes_of("")) == 500;
    return truth(env, good && host.calls > 0 && host.calls_elsewhere == 0);
}

static napi_value close_library(napi_env env, napi_callback_info info) {
    (void)info;
    jsep.registry_free(registry);
    jsep.engine_free(engine);
    host_free(&host);
    library_close();
    return truth(env, true);
}

NAPI_MODULE_INIT() {
    const napi_property_descriptor properties[] = {
        {"open", NULL, open_library, NULL, NULL, NULL, napi_default, NULL},
        {"serve", NULL, serve, NULL, NULL, NULL, napi_default, NULL},
        {"close", NULL, close_library, NULL, NULL, NULL, napi_default, NULL},
    };
    napi_define_properties(env, exports, sizeof(properties) / sizeof(properties[0]), properties);
    return exports;
}
