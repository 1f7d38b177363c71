#include "soak_host.hpp"

#include <algorithm>

#include "bytes.hpp"
#include "host_callback.hpp"
#include "soak_app.hpp"

namespace {

constexpr size_t KEPT_ENTRIES = 2;

const jsep_host& table_of(void* context) {
    return static_cast<HostTable*>(context)->get();
}

uint32_t get_or_fail(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* value) {
    if (view(map) == SOAK_UNREADABLE) {
        return CALLBACK_FAILED;
    }
    return view(map) == SOAK_CONFLICTING ? JSEP_CONFLICT : table_of(context).store_get(context, map, key, value);
}

uint32_t put_or_fail(void* context, jsep_bytes map, jsep_bytes key, jsep_bytes value) {
    return view(map) == SOAK_UNWRITABLE ? CALLBACK_FAILED : table_of(context).store_put(context, map, key, value);
}

}  // namespace

jsep_host with_failing_maps(const HostTable& table) {
    jsep_host failing = table.get();
    failing.store_get = get_or_fail;
    failing.store_put = put_or_fail;
    return failing;
}

jsep_cache SoakCache::table() {
    jsep_cache table{};
    table.size = sizeof(table);
    table.context = this;
    table.load = load;
    table.store = store;
    return table;
}

uint32_t SoakCache::load(void* context, jsep_bytes key, const jsep_sink* entry) noexcept {
    SoakCache& cache = *static_cast<SoakCache*>(context);
    const std::lock_guard<std::mutex> lock(cache.mutex_);
    const auto found = std::find_if(cache.entries_.begin(), cache.entries_.end(),
                                    [&](const auto& kept) { return kept.first == view(key); });
    if (found == cache.entries_.end()) {
        return JSEP_NOT_FOUND;
    }
    ++cache.found_;
    write_to(entry, found->second);
    return JSEP_OK;
}

uint32_t SoakCache::store(void* context, jsep_bytes key, jsep_bytes entry) noexcept {
    SoakCache& cache = *static_cast<SoakCache*>(context);
    const std::lock_guard<std::mutex> lock(cache.mutex_);
    cache.entries_.emplace_back(view(key), view(entry));
    if (cache.entries_.size() > KEPT_ENTRIES) {
        cache.entries_.pop_front();
    }
    return JSEP_OK;
}
