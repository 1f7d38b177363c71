#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "check.h"

struct library jsep;
const jsep_option* engine_options = NULL;
size_t engine_option_count = 0;

bool library_open(const char* path) {
    jsep.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (jsep.handle == NULL) {
        fprintf(stderr, "can't load %s: %s\n", path, dlerror());
        return false;
    }
    // ISO C has no conversion from void * to a function; POSIX says that this one works.
#define LIBRARY_FIND(name)                                            \
    *(void**)&jsep.name = dlsym(jsep.handle, "jsep_" #name);          \
    if (jsep.name == NULL) {                                          \
        fprintf(stderr, "%s has no function jsep_" #name "\n", path); \
        return false;                                                 \
    }
    LIBRARY_FUNCTIONS(LIBRARY_FIND)
#undef LIBRARY_FIND
    return true;
}

void library_close(void) {
    dlclose(jsep.handle);
    memset(&jsep, 0, sizeof(jsep));
}

void text_append(struct text* text, const void* data, size_t len) {
    char* longer = realloc(text->data, text->len + len + 1);
    if (longer == NULL) {
        abort();
    }
    if (len > 0) {
        memcpy(longer + text->len, data, len);
    }
    text->data = longer;
    text->len += len;
    text->data[text->len] = '\0';
}

void text_free(struct text* text) {
    free(text->data);
    text->data = NULL;
    text->len = 0;
}

static void append_to_text(void* context, const uint8_t* data, size_t len) {
    text_append(context, data, len);
}

jsep_sink text_sink(struct text* text) {
    jsep_sink sink = {text, append_to_text};
    return sink;
}

jsep_bytes bytes_of(const char* string) {
    jsep_bytes bytes = {(const uint8_t*)string, strlen(string)};
    return bytes;
}

bool bytes_equal(jsep_bytes bytes, const void* data, size_t len) {
    return bytes.len == len && (len == 0 || memcmp(bytes.data, data, len) == 0);
}

bool bytes_are(jsep_bytes bytes, const char* string) {
    return bytes_equal(bytes, string, strlen(string));
}

bool bytes_contain(jsep_bytes bytes, const char* part) {
    const size_t len = strlen(part);
    for (size_t start = 0; start + len <= bytes.len; ++start) {
        if (memcmp(bytes.data + start, part, len) == 0) {
            return true;
        }
    }
    return false;
}

void check_error(jsep_status status, jsep_status expected, const char* function, const char* name) {
    const jsep_error* error = jsep.last_error();
    const bool passed = status == expected && error != NULL && jsep.error_status(error) == expected &&
                        bytes_are(jsep.error_function(error), function) && jsep.error_message(error).len > 0;
    check(passed, "%s", name);
    if (!passed) {
        const jsep_bytes message = jsep.error_message(error);
        printf("# answered %u, expected %u; last error: %.*s\n", (unsigned)status, (unsigned)expected, (int)message.len,
               (const char*)message.data);
    }
}

static jsep_engine* start_engine_with(const jsep_option* options, size_t count) {
    jsep_engine* engine = NULL;
    const jsep_status status = jsep.engine_new(options, count, NULL, &engine);
    if (status != JSEP_OK) {
        const jsep_bytes message = jsep.error_message(jsep.last_error());
        check(false, "an engine starts: %.*s", (int)message.len, (const char*)message.data);
    }
    return engine;
}

jsep_engine* start_engine(void) {
    return start_engine_with(engine_options, engine_option_count);
}

jsep_engine* start_engine_with_subprocesses(void) {
    jsep_option* options = calloc(engine_option_count + 1, sizeof(*options));
    if (options == NULL) {
        abort();
    }
    for (size_t index = 0; index < engine_option_count; ++index) {
        options[index] = engine_options[index];
    }
    options[engine_option_count] = (jsep_option){bytes_of("subprocesses"), bytes_of("on")};
    jsep_engine* engine = start_engine_with(options, engine_option_count + 1);
    free(options);
    return engine;
}

jsep_registry* install_app(const jsep_engine* engine) {
    jsep_registry* registry = NULL;
    if (jsep.registry_new(engine, &registry) == JSEP_OK &&
        install_text(registry, make_bundle(APP_METADATA, "app.js", APP_SOURCE)) == JSEP_OK) {
        return registry;
    }
    const jsep_bytes message = jsep.error_message(jsep.last_error());
    check(false, "the app is installed: %.*s", (int)message.len, (const char*)message.data);
    jsep.registry_free(registry);
    return NULL;
}

static void append_string(struct text* text, const char* string) {
    text_append(text, string, strlen(string));
}

struct text make_bundle(const char* metadata, const char* module, const char* source) {
    struct text text = {NULL, 0};
    append_string(&text, "{\"metadata\": ");
    append_string(&text, metadata);
    append_string(&text, ", \"modules\": [{\"name\": \"");
    append_string(&text, module);
    append_string(&text, "\", \"module\": \"");
    for (const char* place = source; *place != '\0'; ++place) {
        if (*place == '\n') {
            append_string(&text, "\\n");
            continue;
        }
        if (*place == '"' || *place == '\\') {
            append_string(&text, "\\");
        }
        text_append(&text, place, 1);
    }
    append_string(&text, "\"}]}");
    return text;
}

jsep_status install_text(const jsep_registry* registry, struct text bundle) {
    const jsep_bytes bytes = {(const uint8_t*)bundle.data, bundle.len};
    const jsep_status status = jsep.registry_install(registry, bytes);
    text_free(&bundle);
    return status;
}
