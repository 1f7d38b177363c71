#include "host_table.hpp"

#include <algorithm>

#include "bytes.hpp"
#include "host_callback.hpp"
#include "ledger_callbacks.hpp"

namespace {

uint32_t store_get(void* context, jsep_bytes map, jsep_bytes key, const jsep_sink* sink) {
    return host_callback(context, "store_get", [&](HostTable& table) -> uint32_t {
        const Value value = table.transaction().get(view(map), view(key));
        if (value == nullptr) {
            return JSEP_NOT_FOUND;
        }
        write_to(sink, *value);
        return JSEP_OK;
    });
}

uint32_t store_has(void* context, jsep_bytes map, jsep_bytes key) {
    return host_callback(context, "store_has", [&](HostTable& table) -> uint32_t {
        return table.transaction().has(view(map), view(key)) ? JSEP_OK : JSEP_NOT_FOUND;
    });
}

uint32_t store_version(void* context, jsep_bytes map, jsep_bytes key, int64_t* version) {
    return host_callback(context, "store_version", [&](HostTable& table) -> uint32_t {
        const std::optional<Version> found = table.transaction().version_of(view(map), view(key));
        if (!found) {
            return JSEP_NOT_FOUND;
        }
        *version = *found;
        return JSEP_OK;
    });
}

uint32_t store_size(void* context, jsep_bytes map, uint64_t* size) {
    return host_callback(context, "store_size", [&](HostTable& table) -> uint32_t {
        *size = table.transaction().size(view(map));
        return JSEP_OK;
    });
}

uint32_t store_for_each(void* context, jsep_bytes map, const jsep_visitor* visitor) {
    return host_callback(context, "store_for_each", [&](HostTable& table) -> uint32_t {
        table.transaction().for_each(view(map), [&](const std::string& key, const std::string& value) {
            return visitor->entry(visitor->context, lend(key), lend(value));
        });
        return JSEP_OK;
    });
}

uint32_t store_put(void* context, jsep_bytes map, jsep_bytes key, jsep_bytes value) {
    return host_callback(context, "store_put", [&](HostTable& table) -> uint32_t {
        table.transaction().put(view(map), view(key), view(value));
        return JSEP_OK;
    });
}

uint32_t store_remove(void* context, jsep_bytes map, jsep_bytes key) {
    return host_callback(context, "store_remove", [&](HostTable& table) -> uint32_t {
        table.transaction().remove(view(map), view(key));
        return JSEP_OK;
    });
}

uint32_t store_clear(void* context, jsep_bytes map) {
    return host_callback(context, "store_clear", [&](HostTable& table) -> uint32_t {
        table.transaction().clear(view(map));
        return JSEP_OK;
    });
}

void write_log(void* context, jsep_log_level level, jsep_bytes text) {
    static_cast<HostTable*>(context)->services().log.write(level, view(text));
}

uint32_t restrict_map(void* context, jsep_bytes map, uint32_t* permission, const jsep_sink* reason) {
    return host_callback(context, "restrict_map", [&](const HostTable& table) -> uint32_t {
        if (const auto* restriction = table.services().restrictions->find(view(map))) {
            *permission = std::min<uint32_t>(*permission, restriction->permission);
            write_to(reason, restriction->reason());
        }
        return JSEP_OK;
    });
}

uint32_t trigger_subprocess(void* context, const jsep_bytes* arguments, size_t argument_count, const jsep_bytes* input,
                            const jsep_sink* why) {
    return host_callback(context, "trigger_subprocess", [&](const HostTable& table) -> uint32_t {
        std::vector<std::string> words;
        for (size_t index = 0; index < argument_count; ++index) {
            words.emplace_back(view(arguments[index]));
        }
        try {
            table.services().subprocesses->start(words, input == nullptr ? std::nullopt : std::optional(view(*input)));
        } catch (const SubprocessError& error) {
            write_to(why, error.what());
            return CALLBACK_FAILED;
        }
        return JSEP_OK;
    });
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
    if (services.history != nullptr) {
        add_ledger_callbacks(table_);
    }
    if (services.restrictions != nullptr) {
        table_.restrict_map = restrict_map;
    }
    if (services.subprocesses != nullptr) {
        table_.trigger_subprocess = trigger_subprocess;
    }
    // clock and entropy stay null: the operating system's are as good as anything this host could offer.
}
