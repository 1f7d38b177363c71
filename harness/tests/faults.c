// A library to preload into jsep-host: lets one call that writes the files of a log go wrong. For tests only.
//
// JSEP_FAULT_AT=N  the Nth of these calls, from 1: write, pwrite, fdatasync, fsync, renameat, on names that begin with
// `log-` or `manifest` JSEP_FAULT_KIND  `error`  that call, and all later ones of the same function, fail: no space for
// writes, an I/O error for others
//                  `short`  every write from there on takes at most 7 bytes
//                  `kill`   the process ends before the call
//                  `tear`   half of a write is done, then the process ends; other calls as `kill`
//                  `power`  the process ends before the call, and what was not synced is gone, renames too
//                  `cut`    as `power`, but half of what was not synced is there
// JSEP_FAULT_TRACE a file that gets one line per call, with its name
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 64, DESCRIPTORS = 1024, NAME = 80, SHORT = 7, KILLED = 137 };

// What is known of a file of the log.
struct file {
    char name[NAME];
    off_t synced;     // Bytes that survive a loss of power.
    bool renamed;     // Its directory was not synced since.
    bool had_former;  // There was a file of that name, which is kept beside it until then.
};

static struct file files[FILES];
static int file_count;
static int file_of[DESCRIPTORS];  // Index of the file, from 1.
static int directory = -1;        // Of the log.
static long calls;
static bool tripped[8];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

enum call { WRITE, SYNC, RENAME };

static long number(const char* name) {
    const char* text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static bool is(const char* kind) {
    const char* text = getenv("JSEP_FAULT_KIND");
    return text != NULL && strcmp(text, kind) == 0;
}

static void* next(const char* name) {
    return dlsym(RTLD_NEXT, name);
}

static bool is_ours(const char* path) {
    return strncmp(path, "log-", 4) == 0 || strncmp(path, "manifest", 8) == 0;
}

static struct file* find(const char* name) {
    for (int index = 0; index < file_count; ++index) {
        if (strcmp(files[index].name, name) == 0) {
            return &files[index];
        }
    }
    if (file_count == FILES) {
        abort();
    }
    struct file* file = &files[file_count++];
    *file = (struct file){0};
    snprintf(file->name, NAME, "%s", name);
    struct stat status;
    // What was there before the program began is on the disk.
    if (directory >= 0 && fstatat(directory, name, &status, 0) == 0) {
        file->synced = status.st_size;
    }
    return file;
}

static struct file* open_file(int descriptor) {
    const bool known = descriptor >= 0 && descriptor < DESCRIPTORS && file_of[descriptor] > 0;
    return known ? &files[file_of[descriptor] - 1] : NULL;
}

static void former_name(const struct file* file, char* name) {
    snprintf(name, NAME + 8, "%.*s.former", NAME - 1, file->name);
}

// Takes back what a loss of power takes, or half of it.
static void lose_power(bool half) {
    for (int index = 0; index < file_count; ++index) {
        struct file* file = &files[index];
        char former[NAME + 8];
        former_name(file, former);
        if (file->renamed && !half) {
            const int gone = file->had_former ? renameat(directory, former, directory, file->name)
                                              : unlinkat(directory, file->name, 0);
            (void)gone;
            continue;
        }
        // Not the function below, which waits for who is here.
        int (*const original)(int, const char*, int, ...) = next("openat");
        const int descriptor = original(directory, file->name, O_WRONLY | O_CLOEXEC);
        struct stat status;
        if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_size > file->synced) {
            const off_t kept = half ? file->synced + (status.st_size - file->synced) / 2 : file->synced;
            if (ftruncate(descriptor, kept) != 0) {
                abort();
            }
        }
    }
}

// Counts a call; whether it is to fail. Ends the process where it is told to.
static bool fails(enum call call, const char* what, const char* name) {
    ++calls;
    const char* trace = getenv("JSEP_FAULT_TRACE");
    if (trace != NULL) {
        FILE* lines = fopen(trace, "a");
        if (lines != NULL) {
            fprintf(lines, "%s %s\n", what, name);
            fclose(lines);
        }
    }
    const long at = number("JSEP_FAULT_AT");
    if (at == 0 || calls < at) {
        return false;
    }
    if (is("error")) {
        tripped[call] = tripped[call] || calls == at;
        return tripped[call];
    }
    if (calls == at && (is("power") || is("cut"))) {
        lose_power(is("cut"));
    }
    if (calls == at && (is("power") || is("cut") || is("kill") || (is("tear") && call != WRITE))) {
        _exit(KILLED);
    }
    return false;
}

int openat(int at, const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    int (*const original)(int, const char*, int, ...) = next("openat");
    const int descriptor = original(at, path, flags, mode);
    if (at == AT_FDCWD || descriptor < 0 || descriptor >= DESCRIPTORS || !is_ours(path)) {
        if (descriptor >= 0 && descriptor < DESCRIPTORS) {
            file_of[descriptor] = 0;
        }
        return descriptor;
    }
    pthread_mutex_lock(&mutex);
    directory = at;
    struct file* file = find(path);
    if ((flags & O_TRUNC) != 0) {
        file->synced = 0;
    }
    file_of[descriptor] = (int)(file - files) + 1;
    pthread_mutex_unlock(&mutex);
    return descriptor;
}

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) {
        file_of[descriptor] = 0;
    }
    int (*const original)(int) = next("close");
    return original(descriptor);
}

// How many bytes a write takes; -1 when it fails. Half of them and the end of the process when it is torn.
static ssize_t take(const char* what, const struct file* file, size_t count) {
    pthread_mutex_lock(&mutex);
    const bool failing = fails(WRITE, what, file->name);
    const bool due = number("JSEP_FAULT_AT") > 0 && calls >= number("JSEP_FAULT_AT");
    pthread_mutex_unlock(&mutex);
    if (failing) {
        errno = ENOSPC;
        return -1;
    }
    if (due && is("short") && count > SHORT) {
        return SHORT;
    }
    return (ssize_t)count;
}

static bool is_torn(void) {
    return is("tear") && calls == number("JSEP_FAULT_AT");
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
    ssize_t (*const original)(int, const void*, size_t) = next("write");
    const struct file* file = open_file(descriptor);
    if (file == NULL) {
        return original(descriptor, bytes, count);
    }
    const ssize_t taken = take("write", file, count);
    if (taken >= 0 && is_torn()) {
        const ssize_t half = original(descriptor, bytes, count / 2);
        (void)half;
        _exit(KILLED);
    }
    return taken < 0 ? -1 : original(descriptor, bytes, (size_t)taken);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
    ssize_t (*const original)(int, const void*, size_t, off_t) = next("pwrite");
    const struct file* file = open_file(descriptor);
    if (file == NULL) {
        return original(descriptor, bytes, count, offset);
    }
    const ssize_t taken = take("pwrite", file, count);
    if (taken >= 0 && is_torn()) {
        const ssize_t half = original(descriptor, bytes, count / 2, offset);
        (void)half;
        _exit(KILLED);
    }
    return taken < 0 ? -1 : original(descriptor, bytes, (size_t)taken, offset);
}

static int sync_with(const char* name, int descriptor) {
    int (*const original)(int) = next(name);
    struct file* file = open_file(descriptor);
    const bool of_directory = descriptor == directory && directory >= 0;
    if (file == NULL && !of_directory) {
        return original(descriptor);
    }
    pthread_mutex_lock(&mutex);
    const bool failing = fails(SYNC, name, file == NULL ? "." : file->name);
    if (!failing && file != NULL) {
        struct stat status;
        file->synced = fstat(descriptor, &status) == 0 ? status.st_size : 0;
    }
    for (int index = 0; !failing && of_directory && index < file_count; ++index) {
        char former[NAME + 8];
        former_name(&files[index], former);
        unlinkat(directory, former, 0);
        files[index].renamed = false;
    }
    pthread_mutex_unlock(&mutex);
    if (failing) {
        errno = EIO;
        return -1;
    }
    return original(descriptor);
}

int fdatasync(int descriptor) {
    return sync_with("fdatasync", descriptor);
}

int fsync(int descriptor) {
    return sync_with("fsync", descriptor);
}

int renameat(int from, const char* old_path, int to, const char* new_path) {
    int (*const original)(int, const char*, int, const char*) = next("renameat");
    if (!is_ours(new_path) || strstr(old_path, ".former") != NULL) {
        return original(from, old_path, to, new_path);
    }
    pthread_mutex_lock(&mutex);
    const bool failing = fails(RENAME, "renameat", new_path);
    if (!failing) {
        struct file* file = find(new_path);
        const off_t synced = find(old_path)->synced;
        char former[NAME + 8];
        former_name(file, former);
        if (!file->renamed) {
            unlinkat(to, former, 0);
            file->had_former = linkat(to, new_path, to, former, 0) == 0;
        }
        file->renamed = true;
        file->synced = synced;
    }
    pthread_mutex_unlock(&mutex);
    if (failing) {
        errno = EIO;
        return -1;
    }
    return original(from, old_path, to, new_path);
}
