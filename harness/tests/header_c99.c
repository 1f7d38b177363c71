// The header is C99 without extensions, also when it is included twice.
#include "jsep.h"

int header_c99(void);

int header_c99(void) {
    jsep_bytes bytes = {0};
    jsep_status status = JSEP_OK;
    return (int)(bytes.len + status);
}
