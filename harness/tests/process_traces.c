// What the library leaves of itself in its host: no signal handlers, no masks, no files, and no thread that a request
// begins.
#include <dirent.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

#define ROUNDS 100

struct traces {
    struct sigaction actions[NSIG];
    sigset_t mask;
    unsigned descriptors;
    char locale[64];
};

// Names in a directory, without those that begin with a dot.
static unsigned count_of(const char* path) {
    DIR* directory = opendir(path);
    unsigned count = 0;
    for (const struct dirent* entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += entry->d_name[0] == '.' ? 0 : 1;
    }
    closedir(directory);
    return count;
}

static struct traces traces_now(void) {
    struct traces now;
    memset(&now, 0, sizeof(now));
    for (int number = 1; number < NSIG; ++number) {
        sigaction(number, NULL, &now.actions[number]);
    }
    pthread_sigmask(SIG_SETMASK, NULL, &now.mask);
    now.descriptors = count_of("/proc/self/fd");
    snprintf(now.locale, sizeof(now.locale), "%s", setlocale(LC_ALL, NULL));
    return now;
}

static void check_unchanged(const struct traces* before, const char* deed) {
    const struct traces now = traces_now();
    bool same_actions = true;
    bool same_mask = true;
    for (int number = 1; number < NSIG; ++number) {
        const struct sigaction* one = &before->actions[number];
        const struct sigaction* other = &now.actions[number];
        same_actions = same_actions && one->sa_handler == other->sa_handler && one->sa_flags == other->sa_flags;
        same_mask = same_mask && sigismember(&before->mask, number) == sigismember(&now.mask, number);
    }
    check(same_actions, "%s leaves the signal handlers as they were", deed);
    check(same_mask, "%s leaves the signal mask as it was", deed);
    check(before->descriptors == now.descriptors, "%s leaves no file open", deed);
    check(strcmp(before->locale, now.locale) == 0, "%s leaves the locale as it was", deed);
}

// Whether a thread handles no signal that comes from elsewhere.
static bool blocks_signals(const char* task) {
    char path[300];
    snprintf(path, sizeof(path), "/proc/self/task/%s/status", task);
    FILE* file = fopen(path, "r");
    char line[256];
    unsigned long long blocked = 0;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        sscanf(line, "SigBlk: %llx", &blocked);
    }
    if (file != NULL) {
        fclose(file);
    }
    static const int FROM_ELSEWHERE[] = {SIGHUP, SIGINT, SIGTERM, SIGALRM, SIGCHLD, SIGUSR1, SIGUSR2, SIGPIPE};
    bool all = true;
    for (size_t index = 0; index < sizeof(FROM_ELSEWHERE) / sizeof(FROM_ELSEWHERE[0]); ++index) {
        all = all && (blocked >> (FROM_ELSEWHERE[index] - 1) & 1) == 1;
    }
    return all;
}

static void check_helpers(void) {
    DIR* directory = opendir("/proc/self/task");
    for (const struct dirent* entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) != getpid()) {
            check(blocks_signals(entry->d_name), "thread %s of the library handles no signal of the host",
                  entry->d_name);
        }
    }
    closedir(directory);
}

static void ignore_signal(int number) {
    (void)number;
}

void test_traces(char** libraries) {
    // Handlers and a mask that a library could spoil.
    struct sigaction action = {0};
    action.sa_handler = ignore_signal;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);

    const struct traces before = traces_now();
    if (!library_open(libraries[0])) {
        check(false, "%s can be loaded", libraries[0]);
        return;
    }
    check_unchanged(&before, "loading");
    check(count_of("/proc/self/task") == 1, "loading begins no thread");
    jsep_engine* engine = start_engine();
    check_unchanged(&before, "the start of an engine");
    const unsigned threads = count_of("/proc/self/task");
    jsep_registry* registry = install_app(engine);
    check_unchanged(&before, "an install");
    check(count_of("/proc/self/task") == threads, "an install begins no thread");
    struct host host;
    host_init(&host);
    for (int round = 0; round < ROUNDS; ++round) {
        answers(registry, &host, "/count", "1");
        run_status(registry, &host, "PUT", "/item/a", bytes_of("value"));
    }
    check_unchanged(&before, "execution");
    check(count_of("/proc/self/task") == threads, "execution begins no thread");
    check_helpers();
    host_free(&host);
    free_all(registry, engine);
    library_close();
    check_unchanged(&before, "the end");
}
