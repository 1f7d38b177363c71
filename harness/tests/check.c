#include "check.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned passed_count = 0;
static unsigned failed_count = 0;

void check(bool passed, const char* format, ...) {
    char name[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);

    pthread_mutex_lock(&mutex);
    if (passed) {
        ++passed_count;
    } else {
        ++failed_count;
    }
    printf("%s %u - %s\n", passed ? "ok" : "not ok", passed_count + failed_count, name);
    // A check may be the last thing that a process does before a library ends it.
    fflush(stdout);
    pthread_mutex_unlock(&mutex);
}

int finish_checks(void) {
    printf("%u passed, %u failed\n", passed_count, failed_count);
    return failed_count == 0 ? 0 : 1;
}
