// What the host of the soak offers beside its store: maps that fail, and a cache for installs.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "host_table.hpp"

#include "jsep.h"

// The functions of `table`, which fail for the maps that soak_app.hpp names; good as long as the table.
jsep_host with_failing_maps(const HostTable& table);

// Keeps the few newest entries in memory.
class SoakCache {
public:
    // For jsep_registry_set_cache; good as long as this.
    jsep_cache table();
    // How many entries were asked for and found.
    uint64_t found() const { return found_; }

private:
    static uint32_t load(void* context, jsep_bytes key, const jsep_sink* entry) noexcept;
    static uint32_t store(void* context, jsep_bytes key, jsep_bytes entry) noexcept;

    std::atomic<uint64_t> found_{0};
    std::mutex mutex_;
    std::deque<std::pair<std::string, std::string>> entries_;
};
