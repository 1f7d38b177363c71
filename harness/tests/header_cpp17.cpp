// The header is C++17, also when it is included twice, and its functions have C linkage.
#include "jsep.h"

static_assert(sizeof(jsep_status) == sizeof(uint32_t), "a status is 32 bits wide in every language");
static_assert(sizeof(jsep_mode) == sizeof(uint32_t), "a mode is 32 bits wide in every language");
static_assert(sizeof(jsep_log_level) == sizeof(uint32_t), "a level is 32 bits wide in every language");

extern "C" jsep_status header_c11();

jsep_status header_cpp17() {
    return header_c11();
}
