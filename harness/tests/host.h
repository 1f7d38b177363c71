// A host with a small store that notes how it was called and can be told to misbehave.
#ifndef HOST_H
#define HOST_H

#include <pthread.h>

#include "library.h"

#define HOST_ITEMS 64

struct item {
    struct text map;
    struct text key;
    struct text value;
    int64_t version;
};

enum misbehaviour {
    BEHAVE,
    CONFLICT_ON_READ,
    CONFLICT_ON_WRITE,
    FAIL_ON_READ,
    FAIL_ON_WRITE,
    REENTER_ON_READ,
};

struct host {
    jsep_host table;
    struct item items[HOST_ITEMS];
    size_t item_count;
    int64_t version;
    enum misbehaviour misbehaviour;
    // What REENTER_ON_READ executes and asks for a report, and what that answered.
    const jsep_endpoint* reentered;
    const jsep_registry* reported;
    jsep_status reentry_status;
    jsep_status report_status;
    // Calls of any callback, and those that came on another thread than the one that made the host.
    pthread_t thread;
    unsigned calls;
    unsigned calls_elsewhere;
    unsigned writes;
    struct text log;
};

void host_init(struct host* host);
void host_free(struct host* host);

// A value of the map `table`, or null.
const struct text* host_value(const struct host* host, const char* key);

// Finds and executes in one step; null when either fails, with the status in `*status`.
jsep_response* run(const jsep_registry* registry, struct host* host, const char* method, const char* path,
                   jsep_bytes body, jsep_status* status);
// As `run`, and answers with the HTTP status, or 0.
uint32_t run_status(const jsep_registry* registry, struct host* host, const char* method, const char* path,
                    jsep_bytes body);
// Whether GET of `path` answers 200 with this body.
bool answers(const jsep_registry* registry, struct host* host, const char* path, const char* body);

#endif
