// A storage for logs that is in memory and can fail.
#ifndef MEMORY_STORAGE_H
#define MEMORY_STORAGE_H

#include <pthread.h>

#include "library.h"

enum { MOST_OBJECTS = 16 };

struct object {
    struct text name;
    struct text content;
};

struct memory {
    struct object objects[MOST_OBJECTS];
    size_t count;
    // The library promises one writer at a time and reads beside it.
    pthread_mutex_t mutex;
    unsigned syncs;
    uint32_t sync_answer;
};

// The table; lives as long as the memory. The caller initializes the mutex.
jsep_storage storage_in(struct memory* memory);
// Null when there is none of this name.
struct object* find_object(struct memory* memory, jsep_bytes name);
void memory_free(struct memory* memory);
jsep_log* open_log(const jsep_storage* storage);

#endif
