// A library of a version of the interface that is older than any host.
#include "jsep.h"

uint32_t jsep_abi_version(void) {
    return 0;
}
