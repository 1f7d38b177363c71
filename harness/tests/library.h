// The library under test, and short forms of what the tests do often.
#ifndef LIBRARY_H
#define LIBRARY_H

#include "../functions.h"

#include "jsep.h"

#define LIBRARY_FUNCTIONS(FUNCTION) FUNCTION(abi_version) JSEP_FUNCTIONS(FUNCTION)

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
// The same with `subprocesses=on`.
jsep_engine* start_engine_with_subprocesses(void);
// A registry with the app of the tests, or null after a failed check.
jsep_registry* install_app(const jsep_engine* engine);

// A packed bundle: `metadata` is JSON, the module's text is not yet. The caller frees the text.
struct text make_bundle(const char* metadata, const char* module, const char* source);
jsep_status install_text(const jsep_registry* registry, struct text bundle);

#endif
