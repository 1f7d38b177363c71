// Measures one library in this process: requests through the C interface, answered from a store in memory.
#pragma once

#include <nlohmann/json.hpp>

#include "commands.hpp"

// One result object per request and repetition, as `bench --json` prints them. Throws StartError.
nlohmann::ordered_json measure(const BenchLibrary& library, const BenchArguments& arguments);
