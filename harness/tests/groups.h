// The groups of checks, one file each.
#ifndef GROUPS_H
#define GROUPS_H

#include "library.h"

void test_null_arguments(void);
void test_engine(void);
void test_errors(void);
void test_install(const jsep_engine* engine);
void test_cache(const jsep_engine* engine);
void test_look_up(const jsep_engine* engine);
void test_requests(const jsep_engine* engine);
void test_store(const jsep_engine* engine);
void test_host_table(const jsep_engine* engine);
void test_callbacks(void);
void test_sizes(const jsep_engine* engine);
void test_limits(const jsep_engine* engine);
void test_near_limit(const jsep_engine* engine);
void test_realm(const jsep_engine* engine);
void test_messages(const jsep_engine* engine);
void test_lifetimes(void);
void test_at_once(const jsep_engine* engine);
void test_threads(const jsep_engine* engine);
// Runs in a thread that is older than the library; call with a registry once it is loaded.
void test_old_thread(const jsep_registry* registry);
void test_fork(const jsep_engine* engine);

#endif
