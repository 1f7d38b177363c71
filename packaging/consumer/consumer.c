// A host that is linked with a library rather than loading it: answers one request.
#include <jsep.h>
#include <stdio.h>
#include <string.h>

static const char BUNDLE[] =
    "{\"metadata\": {\"endpoints\": {\"/hello\": {\"get\": {\"js_module\": \"hello.js\", \"js_function\": \"hello\","
    " \"mode\": \"readonly\", \"forwarding_required\": \"never\", \"authn_policies\": []}}}},"
    " \"modules\": [{\"name\": \"hello.js\", \"module\": \"export function hello() { return { body: 'hello' }; }\"}]}";

static jsep_bytes bytes_of(const char* text) {
    jsep_bytes bytes = {(const uint8_t*)text, strlen(text)};
    return bytes;
}

int main(void) {
    jsep_engine* engine = NULL;
    jsep_registry* registry = NULL;
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    jsep_request request = {0};
    jsep_host host = {0};
    request.size = sizeof(request);
    request.method = bytes_of("GET");
    request.path = bytes_of("/hello");
    host.size = sizeof(host);
    if (jsep_engine_new(NULL, 0, NULL, &engine) != JSEP_OK || jsep_registry_new(engine, &registry) != JSEP_OK ||
        jsep_registry_install(registry, bytes_of(BUNDLE)) != JSEP_OK ||
        jsep_registry_find(registry, request.method, request.path, &endpoint) != JSEP_OK ||
        jsep_endpoint_execute(endpoint, &request, &host, &response) != JSEP_OK) {
        const jsep_bytes message = jsep_error_message(jsep_last_error());
        fprintf(stderr, "%.*s\n", (int)message.len, (const char*)message.data);
        return 1;
    }
    const jsep_bytes body = jsep_response_body(response);
    const jsep_bytes name = jsep_library_name();
    printf("%.*s: %.*s\n", (int)name.len, (const char*)name.data, (int)body.len, (const char*)body.data);
    const int code = body.len == 5 && memcmp(body.data, "hello", 5) == 0 ? 0 : 1;
    jsep_response_free(response);
    jsep_endpoint_free(endpoint);
    jsep_registry_free(registry);
    jsep_engine_free(engine);
    return code;
}
