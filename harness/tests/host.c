#include "host.h"

#include <stdlib.h>
#include <string.h>

static struct host* host_of(void* context) {
    struct host* host = context;
    ++host->calls;
    if (!pthread_equal(host->thread, pthread_self())) {
        ++host->calls_elsewhere;
    }
    return host;
}

static bool text_is(const struct text* text, jsep_bytes bytes) {
    return bytes_equal(bytes, text->data, text->len);
}

static struct item* find(struct host* host, jsep_bytes map, jsep_bytes key) {
    for (size_t index = 0; index < host->item_count; ++index) {
        struct item* item = &host->items[index];
        if (text_is(&item->map, map) && text_is(&item->key, key)) {
            return item;
        }
    }
    return NULL;
}

static void drop(struct host* host, struct item* item) {
    text_free(&item->map);
    text_free(&item->key);
    text_free(&item->value);
    const struct item* last = &host->items[--host->item_count];
    if (item != last) {
        *item = *last;
    }
}

static uint32_t before_read(struct host* host) {
    switch (host->misbehaviour) {
        case CONFLICT_ON_READ:
            return JSEP_CONFLICT;
        case FAIL_ON_READ:
            return 12345;
        case REENTER_ON_READ: {
            jsep_request request = {0};
            request.size = sizeof(request);
            request.method = bytes_of("GET");
            request.path = bytes_of("/count");
            jsep_response* response = NULL;
            host->reentry_status = jsep.endpoint_execute(host->reentered, &request, &host->table, &response);
            jsep.response_free(response);
            struct text report = {NULL, 0};
            const jsep_sink sink = text_sink(&report);
            host->report_status = jsep.registry_report(host->reported, &sink);
            text_free(&report);
            return JSEP_OK;
        }
        default:
            return JSEP_OK;
    }
}

static uint32_t before_write(struct host* host) {
    ++host->writes;
    return host->misbehaviour == CONFLICT_ON_WRITE ? JSEP_CONFLICT
           : host->misbehaviour == FAIL_ON_WRITE   ? 12345
                                                   : JSEP_OK;
}

static uint32_t store_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    struct host* host = host_of(context);
    const uint32_t status = before_read(host);
    if (status != JSEP_OK) {
        return status;
    }
    const struct item* item = find(host, map, key);
    if (item == NULL) {
        return JSEP_NOT_FOUND;
    }
    // In two parts, because a sink may be written to several times.
    const size_t half = item->value.len / 2;
    value->write(value->context, (const uint8_t*)item->value.data, half);
    value->write(value->context, (const uint8_t*)item->value.data + half, item->value.len - half);
    return JSEP_OK;
}

static uint32_t store_has(void* context, jsep_bytes map, jsep_bytes key) {
    return find(host_of(context), map, key) == NULL ? JSEP_NOT_FOUND : JSEP_OK;
}

static uint32_t store_version(void* context, jsep_bytes map, jsep_bytes key, int64_t* version) {
    const struct item* item = find(host_of(context), map, key);
    if (item == NULL) {
        return JSEP_NOT_FOUND;
    }
    *version = item->version;
    return JSEP_OK;
}

static uint32_t store_size(void* context, jsep_bytes map, uint64_t* size) {
    const struct host* host = host_of(context);
    *size = 0;
    for (size_t index = 0; index < host->item_count; ++index) {
        *size += text_is(&host->items[index].map, map) ? 1 : 0;
    }
    return JSEP_OK;
}

static uint32_t store_for_each(void* context, jsep_bytes map, const jsep_visitor* visitor) {
    const struct host* host = host_of(context);
    for (size_t index = 0; index < host->item_count; ++index) {
        const struct item* item = &host->items[index];
        if (text_is(&item->map, map)) {
            const jsep_bytes key = {(const uint8_t*)item->key.data, item->key.len};
            const jsep_bytes value = {(const uint8_t*)item->value.data, item->value.len};
            if (!visitor->entry(visitor->context, key, value)) {
                break;
            }
        }
    }
    return JSEP_OK;
}

static uint32_t store_put(void* context, jsep_bytes map, jsep_bytes key, jsep_bytes value) {
    struct host* host = host_of(context);
    const uint32_t status = before_write(host);
    if (status != JSEP_OK) {
        return status;
    }
    struct item* item = find(host, map, key);
    if (item == NULL) {
        if (host->item_count == HOST_ITEMS) {
            return 12345;
        }
        item = &host->items[host->item_count++];
        memset(item, 0, sizeof(*item));
        text_append(&item->map, map.data, map.len);
        text_append(&item->key, key.data, key.len);
    }
    text_free(&item->value);
    text_append(&item->value, value.data, value.len);
    item->version = ++host->version;
    return JSEP_OK;
}

static uint32_t store_remove(void* context, jsep_bytes map, jsep_bytes key) {
    struct host* host = host_of(context);
    const uint32_t status = before_write(host);
    struct item* item = find(host, map, key);
    if (status == JSEP_OK && item != NULL) {
        drop(host, item);
    }
    return status;
}

static uint32_t store_clear(void* context, jsep_bytes map) {
    struct host* host = host_of(context);
    const uint32_t status = before_write(host);
    if (status != JSEP_OK) {
        return status;
    }
    for (size_t index = host->item_count; index > 0; --index) {
        if (text_is(&host->items[index - 1].map, map)) {
            drop(host, &host->items[index - 1]);
        }
    }
    return JSEP_OK;
}

static void write_log(void* context, jsep_log_level level, jsep_bytes text) {
    struct host* host = host_of(context);
    const char* name = level == JSEP_LOG_INFO ? "info " : level == JSEP_LOG_FAIL ? "fail " : "fatal ";
    text_append(&host->log, name, strlen(name));
    text_append(&host->log, text.data, text.len);
    text_append(&host->log, "\n", 1);
}

static uint32_t clock_of_host(void* context, double* milliseconds) {
    host_of(context);
    *milliseconds = 1234567890123.0;
    return JSEP_OK;
}

static uint32_t entropy_of_host(void* context, uint8_t* data, size_t len) {
    host_of(context);
    memset(data, 0x5a, len);
    return JSEP_OK;
}

void host_init(struct host* host) {
    memset(host, 0, sizeof(*host));
    host->thread = pthread_self();
    host->table.size = sizeof(host->table);
    host->table.context = host;
    host->table.store_get = store_get;
    host->table.store_has = store_has;
    host->table.store_version = store_version;
    host->table.store_size = store_size;
    host->table.store_for_each = store_for_each;
    host->table.store_put = store_put;
    host->table.store_remove = store_remove;
    host->table.store_clear = store_clear;
    host->table.log = write_log;
    host->table.clock = clock_of_host;
    host->table.entropy = entropy_of_host;
}

void host_free(struct host* host) {
    while (host->item_count > 0) {
        drop(host, &host->items[0]);
    }
    text_free(&host->log);
}

const struct text* host_value(const struct host* host, const char* key) {
    for (size_t index = 0; index < host->item_count; ++index) {
        const struct item* item = &host->items[index];
        if (text_is(&item->map, bytes_of("table")) && text_is(&item->key, bytes_of(key))) {
            return &item->value;
        }
    }
    return NULL;
}

jsep_response* run(const jsep_registry* registry, struct host* host, const char* method, const char* path,
                   jsep_bytes body, jsep_status* status) {
    jsep_endpoint* endpoint = NULL;
    jsep_response* response = NULL;
    *status = jsep.registry_find(registry, bytes_of(method), bytes_of(path), &endpoint);
    if (*status == JSEP_OK) {
        jsep_request request = {0};
        request.size = sizeof(request);
        request.method = bytes_of(method);
        request.path = bytes_of(path);
        request.body = body;
        *status = jsep.endpoint_execute(endpoint, &request, &host->table, &response);
    }
    jsep.endpoint_free(endpoint);
    return response;
}

uint32_t run_status(const jsep_registry* registry, struct host* host, const char* method, const char* path,
                    jsep_bytes body) {
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, method, path, body, &status);
    const uint32_t result = jsep.response_status(response);
    jsep.response_free(response);
    return result;
}

bool answers(const jsep_registry* registry, struct host* host, const char* path, const char* body) {
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, host, "GET", path, bytes_of(""), &status);
    const bool result = jsep.response_status(response) == 200 && bytes_are(jsep.response_body(response), body);
    jsep.response_free(response);
    return result;
}
