// Text and bytes as they cross the C interface.
#pragma once

#include <string_view>

#include "jsep.h"

inline jsep_bytes lend(std::string_view text) {
    return jsep_bytes{reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string_view view(jsep_bytes bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.len);
}
