// Calls on a stack that is not the thread's own, as of a fiber or a coroutine.
#include <stdlib.h>
#include <ucontext.h>

#include "app.h"
#include "check.h"
#include "process.h"

#define FIBER_BYTES (4u << 20)

// One at a time: the functions of ucontext hand over no pointers.
static struct {
    const jsep_engine* engine;
    const jsep_registry* registry;
    ucontext_t thread;
    ucontext_t fiber;
} call;

static void call_on_fiber(void) {
    struct host host;
    host_init(&host);
    jsep_endpoint* endpoint = NULL;
    check(jsep.registry_find(call.registry, bytes_of("GET"), bytes_of("/count"), &endpoint) == JSEP_OK,
          "a fiber finds an endpoint");
    jsep_request request = {.size = sizeof(request), .method = bytes_of("GET"), .path = bytes_of("/count")};
    jsep_response* response = NULL;
    check_error(jsep.endpoint_execute(endpoint, &request, &host.table, &response), JSEP_FOREIGN_STACK,
                "jsep_endpoint_execute", "a fiber does not execute");
    check_error(install_text(call.registry, make_bundle(APP_METADATA, "app.js", APP_SOURCE)), JSEP_FOREIGN_STACK,
                "jsep_registry_install", "a fiber does not install");
    check_error(jsep.engine_idle(call.engine, 1000, NULL), JSEP_FOREIGN_STACK, "jsep_engine_idle",
                "a fiber does not work ahead");
    jsep.endpoint_free(endpoint);
    host_free(&host);
}

static void* call_on_both(void* context) {
    (void)context;
    void* stack = malloc(FIBER_BYTES);
    if (stack == NULL || getcontext(&call.fiber) != 0) {
        abort();
    }
    call.fiber.uc_stack.ss_sp = stack;
    call.fiber.uc_stack.ss_size = FIBER_BYTES;
    call.fiber.uc_link = &call.thread;
    makecontext(&call.fiber, call_on_fiber, 0);
    // The fiber comes first, so that the library learns of the thread there.
    swapcontext(&call.thread, &call.fiber);
    struct host host;
    host_init(&host);
    check(answers(call.registry, &host, "/count", "1"), "the thread itself executes");
    host_free(&host);
    free(stack);
    return NULL;
}

void test_foreign_stack(char** libraries) {
    jsep_engine* engine = NULL;
    jsep_registry* registry = load_and_install(libraries[0], &engine);
    if (registry == NULL) {
        return;
    }
    call.engine = engine;
    call.registry = registry;
    call_on_both(NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, call_on_both, NULL);
    pthread_join(thread, NULL);
    free_all(registry, engine);
}
