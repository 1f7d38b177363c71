#include "memory_storage.h"

#include <string.h>

#include "check.h"

struct object* find_object(struct memory* memory, jsep_bytes name) {
    for (size_t index = 0; index < memory->count; ++index) {
        if (bytes_equal(name, memory->objects[index].name.data, memory->objects[index].name.len)) {
            return &memory->objects[index];
        }
    }
    return NULL;
}

static uint32_t read_object(void* context, jsep_bytes name, uint64_t offset, uint64_t most, const jsep_sink* bytes) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    const struct object* object = find_object(memory, name);
    if (object != NULL && offset < object->content.len) {
        const uint64_t rest = object->content.len - offset;
        bytes->write(bytes->context, (const uint8_t*)object->content.data + offset, most < rest ? most : rest);
    }
    pthread_mutex_unlock(&memory->mutex);
    return object == NULL ? JSEP_NOT_FOUND : JSEP_OK;
}

static uint32_t append_to_object(void* context, jsep_bytes name, jsep_bytes bytes) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    struct object* object = find_object(memory, name);
    if (object != NULL) {
        text_append(&object->content, bytes.data, bytes.len);
    }
    pthread_mutex_unlock(&memory->mutex);
    return object == NULL ? JSEP_NOT_FOUND : JSEP_OK;
}

static uint32_t sync_object(void* context, jsep_bytes name) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    ++memory->syncs;
    const uint32_t answer = find_object(memory, name) == NULL ? (uint32_t)JSEP_NOT_FOUND : memory->sync_answer;
    pthread_mutex_unlock(&memory->mutex);
    return answer;
}

static uint32_t replace_object(void* context, jsep_bytes name, jsep_bytes bytes) {
    struct memory* memory = context;
    pthread_mutex_lock(&memory->mutex);
    struct object* object = find_object(memory, name);
    if (object == NULL && memory->count < MOST_OBJECTS) {
        object = &memory->objects[memory->count++];
        text_append(&object->name, name.data, name.len);
    }
    if (object != NULL) {
        text_free(&object->content);
        text_append(&object->content, bytes.data, bytes.len);
    }
    pthread_mutex_unlock(&memory->mutex);
    return object == NULL ? JSEP_STORAGE_FAILED : JSEP_OK;
}

void memory_free(struct memory* memory) {
    for (size_t index = 0; index < memory->count; ++index) {
        text_free(&memory->objects[index].name);
        text_free(&memory->objects[index].content);
    }
    pthread_mutex_destroy(&memory->mutex);
}

jsep_storage storage_in(struct memory* memory) {
    return (jsep_storage){sizeof(jsep_storage), memory, read_object, append_to_object, sync_object, replace_object};
}

jsep_log* open_log(const jsep_storage* storage) {
    jsep_log* log = NULL;
    check(jsep.log_open(storage, &log) == JSEP_OK && log != NULL, "a log opens");
    return log;
}
