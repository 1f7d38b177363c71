// Results of checks, one line each.
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

// Prints `ok N - name`, or `not ok N - name`. Any thread.
void check(bool passed, const char* format, ...) __attribute__((format(printf, 2, 3)));

// Prints how many passed and failed, and answers with the exit code.
int finish_checks(void);

#endif
