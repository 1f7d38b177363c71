// The cache table: what the library asks of it, and what it makes of wrong answers.
#include <string.h>

#include "app.h"
#include "check.h"
#include "groups.h"
#include "host.h"

enum { MOST_ENTRIES = 4, MOST_KEY = 64 };

struct entry {
    struct text key;
    struct text content;
};

// A cache in memory.
struct memory {
    struct entry entries[MOST_ENTRIES];
    size_t count;
    unsigned loads;
    unsigned stores;
    // What `store` and `load` answer instead of working, if not JSEP_OK.
    uint32_t answer;
    bool keys_are_plain;
};

static struct entry* find(struct memory* memory, jsep_bytes key) {
    for (size_t index = 0; index < memory->count; ++index) {
        struct entry* entry = &memory->entries[index];
        if (bytes_equal(key, entry->key.data, entry->key.len)) {
            return entry;
        }
    }
    return NULL;
}

static bool is_plain(jsep_bytes key) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    for (size_t index = 0; index < key.len; ++index) {
        if (memchr(letters, key.data[index], sizeof(letters) - 1) == NULL) {
            return false;
        }
    }
    return key.len > 0 && key.len <= MOST_KEY;
}

static uint32_t load(void* context, jsep_bytes key, const jsep_sink* content) {
    struct memory* memory = context;
    ++memory->loads;
    memory->keys_are_plain = memory->keys_are_plain && is_plain(key);
    const struct entry* entry = find(memory, key);
    if (entry == NULL) {
        return JSEP_NOT_FOUND;
    }
    // In two parts.
    const uint8_t* data = (const uint8_t*)entry->content.data;
    const size_t half = entry->content.len / 2;
    content->write(content->context, data, half);
    content->write(content->context, data + half, entry->content.len - half);
    return memory->answer;
}

static uint32_t store(void* context, jsep_bytes key, jsep_bytes content) {
    struct memory* memory = context;
    ++memory->stores;
    if (memory->answer != JSEP_OK) {
        return memory->answer;
    }
    struct entry* entry = find(memory, key);
    if (entry == NULL) {
        if (memory->count == MOST_ENTRIES) {
            return JSEP_NOT_FOUND;
        }
        entry = &memory->entries[memory->count++];
        text_append(&entry->key, key.data, key.len);
    }
    text_free(&entry->content);
    text_append(&entry->content, content.data, content.len);
    return JSEP_OK;
}

static void memory_free(struct memory* memory) {
    for (size_t index = 0; index < memory->count; ++index) {
        text_free(&memory->entries[index].key);
        text_free(&memory->entries[index].content);
    }
}

// Installs the app in a new registry with this cache, and checks that it serves.
static void install_with(const jsep_engine* engine, const jsep_cache* cache, const char* name) {
    jsep_registry* registry = NULL;
    jsep.registry_new(engine, &registry);
    check(jsep.registry_set_cache(registry, cache) == JSEP_OK, "%s: the registry takes the cache", name);
    check(install_text(registry, make_bundle(APP_METADATA, "app.js", APP_SOURCE)) == JSEP_OK,
          "%s: the app is installed", name);
    struct host host;
    host_init(&host);
    jsep_status status = JSEP_OK;
    jsep_response* response = run(registry, &host, "GET", "/count", bytes_of(""), &status);
    check(status == JSEP_OK && bytes_are(jsep.response_body(response), "1"), "%s: the app serves", name);
    jsep.response_free(response);
    host_free(&host);
    jsep.registry_free(registry);
}

static void test_wrong_tables(const jsep_engine* engine) {
    jsep_registry* registry = NULL;
    jsep.registry_new(engine, &registry);
    struct memory memory = {.answer = JSEP_OK};
    jsep_cache cache = {sizeof(cache), &memory, load, store, {NULL, 0}};
    check_error(jsep.registry_set_cache(NULL, &cache), JSEP_NULL_ARGUMENT, "jsep_registry_set_cache",
                "cache of a null registry");
    check(jsep.registry_set_cache(registry, NULL) == JSEP_OK, "a registry does without a cache");
    cache.size = sizeof(cache) - 1;
    check_error(jsep.registry_set_cache(registry, &cache), JSEP_STRUCT_SIZE, "jsep_registry_set_cache",
                "cache of a wrong size");
    cache.size = sizeof(cache) + 1;
    check_error(jsep.registry_set_cache(registry, &cache), JSEP_STRUCT_SIZE, "jsep_registry_set_cache",
                "cache of an odd size");
    cache.size = sizeof(cache);
    cache.secret.len = 1;
    check_error(jsep.registry_set_cache(registry, &cache), JSEP_NULL_ARGUMENT, "jsep_registry_set_cache",
                "cache without its secret's bytes");
    jsep.registry_free(registry);
    const jsep_cache empty = {.size = sizeof(empty)};
    install_with(engine, &empty, "cache without functions");
}

// Whether this library stores anything is its own affair; that it survives what it gets is not.
static void test_entries(const jsep_engine* engine) {
    struct memory memory = {.answer = JSEP_OK, .keys_are_plain = true};
    const jsep_cache cache = {sizeof(cache), &memory, load, store, bytes_of("a secret")};
    install_with(engine, &cache, "empty cache");
    const size_t stored = memory.count;
    check(memory.stores == memory.loads && memory.stores == stored, "what is not there is stored");
    install_with(engine, &cache, "cache with an entry");
    check(memory.stores == stored && memory.count == stored, "what is there is not stored again");
    for (size_t index = 0; index < stored; ++index) {
        struct text* content = &memory.entries[index].content;
        content->data[content->len / 2] ^= 1;
    }
    install_with(engine, &cache, "cache with a flipped bit");
    check(memory.stores == 2 * stored, "what is wrong is stored again");
    for (size_t index = 0; index < stored; ++index) {
        memory.entries[index].content.len = 3;
    }
    install_with(engine, &cache, "cache with a cut entry");
    for (size_t index = 0; index < stored; ++index) {
        memset(memory.entries[index].content.data, 'x', memory.entries[index].content.len);
    }
    install_with(engine, &cache, "cache with garbage");
    check(memory.stores == 4 * stored, "garbage is replaced");
    jsep_cache other = cache;
    other.secret = bytes_of("another secret");
    install_with(engine, &other, "cache under another secret");
    check(memory.stores == 5 * stored, "what another secret seals is replaced");
    check(memory.keys_are_plain, "keys are plain text");
    memory.answer = JSEP_STORE_FAILED;
    install_with(engine, &cache, "cache that fails");
    memory_free(&memory);
}

void test_cache(const jsep_engine* engine) {
    test_wrong_tables(engine);
    test_entries(engine);
}
