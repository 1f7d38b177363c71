// What this process holds of the operating system's resources.
#pragma once

#include <cstdint>

struct ProcessFigures {
    uint64_t resident_bytes;
    uint64_t threads;
    uint64_t descriptors;
    uint64_t mappings;

    // Those of now. Throws StartError when the system does not tell.
    static ProcessFigures read();
};
