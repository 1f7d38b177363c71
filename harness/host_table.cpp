#include "host_table.hpp"

#include <exception>
#include <string>

#include "bytes.hpp"

namespace {

// What a store callback answers when the store itself fails; any number that the interface gives no meaning will do.
constexpr uint32_t CALLBACK_FAILED = JSEP_STORE_FAILED;

HostTable& table_of(void* context) {
    return *static_cast<HostTable*>(context);
}

// Runs the work of a callback. No exception may pass through the library.
template <typename Work>
uint32_t guarded(void* context, const char* function, const Work& work) noexcept {
    try {
        return work(table_of(context).transaction());
    } catch (const VersionForgotten&) {
        return JSEP_CONFLICT;
    } catch (const std::exception& error) {
        table_of(context).services().log.write(JSEP_LOG_FATAL, std::string(function) + " failed: " + error.what());
        return CALLBACK_FAILED;
    }
}

uint32_t store_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* sink) {
    return guarded(context, "store_get", [&](Transaction& transaction) -> uint32_t {
        const Value value = transaction.get(view(map), view(key));
        if (value == nullptr) {
            return JSEP_NOT_FOUND;
        }
        sink->write(sink->context, reinterpret_cast<const uint8_t*>(value->data()), value->size());
        return JSEP_OK;
    });
}

uint32_t store_has(void* context, jsep_bytes map, jsep_bytes key) {
    return guarded(context, "store_has", [&](Transaction& transaction) -> uint32_t {
        return transaction.has(view(map), view(key)) ? JSEP_OK : JSEP_NOT_FOUND;
    });
}

uint32_t store_version(void* context, jsep_bytes map, jsep_bytes key, int64_t* version) {
    return guarded(context, "store_version", [&](Transaction& transaction) -> uint32_t {
        const std::optional<Version> found = transaction.version_of(view(map), view(key));
        if (!found) {
            return JSEP_NOT_FOUND;
        }
        *version = *found;
        return JSEP_OK;
    });
}

uint32_t store_size(void* context, jsep_bytes map, uint64_t* size) {
    return guarded(context, "store_size", [&](Transaction& transaction) -> uint32_t {
        *size = transaction.size(view(map));
        return JSEP_OK;
    });
}

uint32_t store_for_each(void* context, jsep_bytes map, const jsep_visitor* visitor) {
    return guarded(context, "store_for_each", [&](Transaction& transaction) -> uint32_t {
        transaction.for_each(view(map), [&](const std::string& key, const std::string& value) {
            return visitor->entry(visitor->context, lend(key), lend(value));
        });
        return JSEP_OK;
    });
}

uint32_t store_put(void* context, jsep_bytes map, jsep_bytes key, jsep_bytes value) {
    return guarded(context, "store_put", [&](Transaction& transaction) -> uint32_t {
        transaction.put(view(map), view(key), view(value));
        return JSEP_OK;
    });
}

uint32_t store_remove(void* context, jsep_bytes map, jsep_bytes key) {
    return guarded(context, "store_remove", [&](Transaction& transaction) -> uint32_t {
        transaction.remove(view(map), view(key));
        return JSEP_OK;
    });
}

uint32_t store_clear(void* context, jsep_bytes map) {
    return guarded(context, "store_clear", [&](Transaction& transaction) -> uint32_t {
        transaction.clear(view(map));
        return JSEP_OK;
    });
}

void write_log(void* context, jsep_log_level level, jsep_bytes text) {
    table_of(context).services().log.write(level, view(text));
}

}  // namespace

HostTable::HostTable(Transaction& transaction, const HostServices& services)
    : transaction_(transaction), services_(services) {
    table_.size = sizeof(table_);
    table_.context = this;
    table_.store_get = store_get;
    table_.store_has = store_has;
    table_.store_version = store_version;
    table_.store_size = store_size;
    table_.store_for_each = store_for_each;
    table_.store_put = store_put;
    table_.store_remove = store_remove;
    table_.store_clear = store_clear;
    table_.log = write_log;
    // clock and entropy stay null: the operating system's are as good as anything this host could offer.
}
