// The life of a process that has the library: each case in a process of its own.
#include "process.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

jsep_registry* load_and_install(const char* path, jsep_engine** engine) {
    if (!library_open(path)) {
        check(false, "%s can be loaded", path);
        return NULL;
    }
    *engine = start_engine();
    return *engine == NULL ? NULL : install_app(*engine);
}

void free_all(jsep_registry* registry, jsep_engine* engine) {
    jsep.registry_free(registry);
    jsep.engine_free(engine);
}

static const struct {
    const char* name;
    void (*run)(char** libraries);
} CASES[] = {
    {"fork", test_fork_of_idle_process},
    {"fork_in_callback", test_fork_in_callback},
    {"fork_while_busy", test_fork_of_busy_process},
    {"exit_while_busy", test_exit_while_busy},
    {"return_while_busy", test_return_while_busy},
    {"foreign_stack", test_foreign_stack},
    {"little_stack", test_little_stack},
    {"thread_end", test_thread_end},
    {"thread_outlives", test_thread_outlives},
    {"traces", test_traces},
    {"two_libraries", test_two_libraries},
    {"two_copies", test_two_copies},
    {"preloaded", test_preloaded},
};

int main(int argc, char** argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: process_test CASE ARGUMENT... [OPTION=VALUE]...\n");
        return 2;
    }
    jsep_option options[8];
    char* libraries[8] = {NULL};
    size_t library_count = 0;
    engine_options = options;
    for (int index = 2; index < argc && index < 10; ++index) {
        char* sign = strchr(argv[index], '=');
        if (sign == NULL) {
            libraries[library_count++] = argv[index];
            continue;
        }
        *sign = '\0';
        options[engine_option_count++] = (jsep_option){bytes_of(argv[index]), bytes_of(sign + 1)};
    }
    for (size_t index = 0; index < sizeof(CASES) / sizeof(CASES[0]); ++index) {
        if (strcmp(argv[1], CASES[index].name) == 0) {
            CASES[index].run(libraries);
            return finish_checks();
        }
    }
    fprintf(stderr, "process_test has no case %s\n", argv[1]);
    return 2;
}
