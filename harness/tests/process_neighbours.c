// Libraries that share a process with another one, with a copy of themselves, or with an allocator of the host.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

#define ROUNDS 50

// A library with an app, as long as another one is in the place of `jsep`.
struct neighbour {
    struct library functions;
    jsep_engine* engine;
    jsep_registry* registry;
};

static bool move_in(struct neighbour* neighbour, const char* path) {
    neighbour->registry = load_and_install(path, &neighbour->engine);
    neighbour->functions = jsep;
    return neighbour->registry != NULL;
}

// Whether a request is answered with this status, and this body unless it is null. Asks the neighbour itself, because
// `jsep` is one for all threads.
static bool answers_with(const struct neighbour* neighbour, struct host* host, const char* method, const char* path,
                         uint32_t status, const char* body) {
    const struct library* library = &neighbour->functions;
    const jsep_request request = {
        .size = sizeof(request), .method = bytes_of(method), .path = bytes_of(path), .body = bytes_of("value")};
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    library->registry_find(neighbour->registry, request.method, request.path, &endpoint);
    library->endpoint_execute(endpoint, &request, &host->table, &response);
    const bool as_expected = library->response_status(response) == status &&
                             (body == NULL || bytes_are(library->response_body(response), body));
    library->response_free(response);
    library->endpoint_free(endpoint);
    return as_expected;
}

static bool serves(const struct neighbour* neighbour, struct host* host) {
    return answers_with(neighbour, host, "PUT", "/item/a", 204, NULL) &&
           answers_with(neighbour, host, "GET", "/item/a", 200, "value") &&
           answers_with(neighbour, host, "GET", "/count", 200, "1") &&
           answers_with(neighbour, host, "GET", "/throw", 500, NULL);
}

// A thread of one neighbour, beside that of another one.
struct server {
    pthread_t thread;
    const struct neighbour* neighbour;
    const struct server* other;
    unsigned rounds;
    unsigned wrong;
};

// Goes on until the other thread has had its rounds too: it does not begin when this one has ended.
static void* serve_beside(void* context) {
    struct server* server = context;
    struct host host;
    host_init(&host);
    while (server->rounds < ROUNDS || __atomic_load_n(&server->other->rounds, __ATOMIC_ACQUIRE) < ROUNDS) {
        server->wrong += serves(server->neighbour, &host) ? 0 : 1;
        __atomic_add_fetch(&server->rounds, 1, __ATOMIC_ACQ_REL);
    }
    server->wrong += host.calls_elsewhere;
    host_free(&host);
    return NULL;
}

static void serve_at_once(const struct neighbour* one, const struct neighbour* other) {
    struct server servers[2] = {{.neighbour = one, .other = &servers[1]}, {.neighbour = other, .other = &servers[0]}};
    for (int index = 0; index < 2; ++index) {
        if (pthread_create(&servers[index].thread, NULL, serve_beside, &servers[index]) != 0) {
            check(false, "a thread can be started");
            _exit(1);
        }
    }
    for (int index = 0; index < 2; ++index) {
        pthread_join(servers[index].thread, NULL);
    }
    check(servers[0].wrong == 0 && servers[1].wrong == 0, "two libraries serve at once, each on a thread");
}

static void live_together(struct neighbour* one, struct neighbour* other) {
    struct host host;
    host_init(&host);
    unsigned wrong = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        wrong += serves(one, &host) && serves(other, &host) ? 0 : 1;
    }
    check(wrong == 0, "two libraries serve in turns");
    serve_at_once(one, other);
    jsep = one->functions;
    free_all(one->registry, one->engine);
    library_close();
    check(serves(other, &host), "the second one serves on when the first one has gone");
    jsep = other->functions;
    free_all(other->registry, other->engine);
    library_close();
    host_free(&host);
}

void test_two_libraries(char** libraries) {
    struct neighbour one = {0};
    struct neighbour other = {0};
    if (move_in(&one, libraries[0]) && move_in(&other, libraries[1])) {
        live_together(&one, &other);
    }
}

static bool copy_file(const char* from, int to) {
    FILE* source = fopen(from, "rb");
    struct stat facts;
    bool whole = source != NULL && fstat(fileno(source), &facts) == 0;
    while (whole && facts.st_size > 0) {
        const ssize_t copied = sendfile(to, fileno(source), NULL, (size_t)facts.st_size);
        whole = copied > 0;
        facts.st_size -= copied;
    }
    if (source != NULL) {
        fclose(source);
    }
    return whole;
}

// One with machine code and one without, whichever the options put first: V8 is there twice.
void test_two_copies(char** libraries) {
    const bool begins_with_code = engine_option_count == 0;
    char copy[] = "/tmp/jsep_copy_XXXXXX";
    const int file = mkstemp(copy);
    if (file < 0 || !copy_file(libraries[0], file)) {
        check(false, "%s can be copied", libraries[0]);
        return;
    }
    close(file);
    struct neighbour one = {0};
    struct neighbour other = {0};
    jsep_option option = {bytes_of("jit"), bytes_of(begins_with_code ? "on" : "off")};
    engine_options = &option;
    engine_option_count = 1;
    const bool first = move_in(&one, libraries[0]);
    option.value = bytes_of(begins_with_code ? "off" : "on");
    const bool second = move_in(&other, copy);
    unlink(copy);
    check(first && second && one.functions.engine_new != other.functions.engine_new,
          "a copy of the library is a library of its own");
    if (first && second) {
        live_together(&one, &other);
    }
}

static bool is_mapped(const char* name) {
    FILE* maps = fopen("/proc/self/maps", "r");
    char line[PATH_MAX + 128];
    bool found = false;
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        found = found || strstr(line, name) != NULL;
    }
    if (maps != NULL) {
        fclose(maps);
    }
    return found;
}

// The second argument is a part of the allocator's file name.
void test_preloaded(char** libraries) {
    check(is_mapped(libraries[1]), "%s is there before the library", libraries[1]);
    jsep_engine* engine = NULL;
    jsep_registry* registry = load_and_install(libraries[0], &engine);
    if (registry == NULL) {
        return;
    }
    struct busy busy;
    busy_begin(&busy, registry);
    struct host host;
    host_init(&host);
    for (int round = 0; round < ROUNDS; ++round) {
        run_status(registry, &host, "POST", "/echo", bytes_of("body"));
    }
    check(run_status(registry, &host, "GET", "/throw", bytes_of("")) == 500, "an exception is an answer");
    busy_end(&busy);
    host_free(&host);
    free_all(registry, engine);
    library_close();
}
