// The header is C11, also when it is included twice.
#include "jsep.h"

_Static_assert(sizeof(jsep_status) == sizeof(uint32_t), "a status is 32 bits wide in every language");
_Static_assert(sizeof(jsep_mode) == sizeof(uint32_t), "a mode is 32 bits wide in every language");
_Static_assert(sizeof(jsep_log_level) == sizeof(uint32_t), "a level is 32 bits wide in every language");

jsep_status header_c11(void);

jsep_status header_c11(void) {
    return JSEP_OK;
}
