#include "store.hpp"

#include <algorithm>
#include <mutex>

template <typename T>
const T* Store::History<T>::at(Version version) const {
    const auto after = std::upper_bound(entries.begin(), entries.end(), version,
                                        [](Version wanted, const T& entry) { return wanted < entry.version; });
    if (after != entries.begin()) {
        return &*std::prev(after);
    }
    if (forgot) {
        throw VersionForgotten();
    }
    return nullptr;
}

template <typename T>
void Store::History<T>::add(T entry, size_t kept) {
    entries.push_back(std::move(entry));
    // Twice as many before the older half goes, so that a write costs the same on average whatever is kept.
    if (entries.size() / 2 >= kept) {
        entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(kept));
        forgot = true;
    }
}

Transaction Store::begin() {
    return Transaction(*this, version());
}

Version Store::version() const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    return version_;
}

const Store::Map* Store::find_map(std::string_view name) const {
    const auto found = maps_.find(name);
    return found == maps_.end() ? nullptr : &found->second;
}

Version Store::last_change(const Map* map) {
    return map == nullptr || map->sizes.entries.empty() ? 0 : map->sizes.entries.back().version;
}

Version Store::last_change(const Map* map, std::string_view key) {
    if (map == nullptr) {
        return 0;
    }
    const auto found = map->keys.find(key);
    return found == map->keys.end() ? 0 : found->second.entries.back().version;
}

void Store::append(const std::function<std::optional<WriteSet>(Version)>& make) {
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    if (std::optional<WriteSet> writes = make(version_ + 1)) {
        write(std::move(*writes), std::nullopt);
    }
}

void Store::replay(const Commit& commit) {
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    apply(*commit.writes, commit.version);
    version_ = commit.version;
}

// The caller holds the lock for itself alone.
Version Store::write(WriteSet writes, const std::optional<Digest>& claims_digest) {
    const Commit commit{version_ + 1, std::make_shared<const WriteSet>(std::move(writes)), claims_digest};
    if (journal_ != nullptr) {
        journal_->append(commit);
    }
    apply(*commit.writes, commit.version);
    version_ = commit.version;
    return version_;
}

void Store::apply(const WriteSet& writes, Version version) {
    for (const auto& [name, changes] : writes) {
        apply(maps_[name], changes, version);
    }
}

void Store::apply(Map& map, const Changes& changes, Version version) const {
    uint64_t size = map.sizes.entries.empty() ? 0 : map.sizes.entries.back().size;
    for (const auto& [key, value] : changes) {
        History<Written>& history = map.keys[key];
        const bool had_value = !history.entries.empty() && history.entries.back().value != nullptr;
        history.add(Written{version, value}, kept_values_);
        size += (value != nullptr ? 1U : 0U);
        size -= (had_value ? 1U : 0U);
    }
    map.sizes.add(Size{version, size}, kept_values_);
}

// The caller holds the store's lock. Null when the key has no value.
const Store::Written* Transaction::read(std::string_view map, std::string_view key) {
    const Store::Map* found_map = store_->find_map(map);
    if (found_map == nullptr) {
        return nullptr;
    }
    const auto found = found_map->keys.find(key);
    if (found == found_map->keys.end()) {
        return nullptr;
    }
    const Store::Written* written = found->second.at(start_version_);
    return written == nullptr || written->value == nullptr ? nullptr : written;
}

Value Transaction::get(std::string_view map, std::string_view key) {
    read_keys_.emplace_back(map, key);
    const std::shared_lock<std::shared_mutex> lock(store_->mutex_);
    const Store::Written* written = read(map, key);
    return written == nullptr ? nullptr : written->value;
}

std::optional<Version> Transaction::version_of(std::string_view map, std::string_view key) {
    read_keys_.emplace_back(map, key);
    const std::shared_lock<std::shared_mutex> lock(store_->mutex_);
    const Store::Written* written = read(map, key);
    return written == nullptr ? std::nullopt : std::optional<Version>(written->version);
}

uint64_t Transaction::size(std::string_view map) {
    read_maps_.emplace(map);
    const std::shared_lock<std::shared_mutex> lock(store_->mutex_);
    const Store::Map* found = store_->find_map(map);
    const Store::Size* size = found == nullptr ? nullptr : found->sizes.at(start_version_);
    return size == nullptr ? 0 : size->size;
}

void Transaction::for_each(std::string_view map,
                           const std::function<bool(const std::string&, const std::string&)>& visit) {
    read_maps_.emplace(map);
    // Collected first: the visitor is the library's and must not hold up the store.
    std::vector<std::pair<const std::string*, Value>> entries;
    {
        const std::shared_lock<std::shared_mutex> lock(store_->mutex_);
        const Store::Map* found = store_->find_map(map);
        if (found == nullptr) {
            return;
        }
        for (const auto& [key, history] : found->keys) {
            const Store::Written* written = history.at(start_version_);
            if (written != nullptr && written->value != nullptr) {
                entries.emplace_back(&key, written->value);
            }
        }
    }
    for (const auto& [key, value] : entries) {
        if (!visit(*key, *value)) {
            return;
        }
    }
}

Transaction::Writes& Transaction::writes_to(std::string_view map) {
    const auto found = writes_.find(map);
    return found != writes_.end() ? found->second : writes_.emplace(map, Writes()).first->second;
}

void Transaction::put(std::string_view map, std::string_view key, std::string_view value) {
    writes_to(map).keys.insert_or_assign(std::string(key), std::make_shared<const std::string>(value));
}

void Transaction::remove(std::string_view map, std::string_view key) {
    writes_to(map).keys.insert_or_assign(std::string(key), nullptr);
}

void Transaction::clear(std::string_view map) {
    // Which keys go depends on the whole map, so this counts as reading it.
    read_maps_.emplace(map);
    Writes& writes = writes_to(map);
    writes.cleared = true;
    writes.keys.clear();
}

std::optional<Version> Transaction::commit() {
    // What was read is the state of one version, so without writes there is nothing that could be in conflict.
    if (writes_.empty()) {
        return start_version_;
    }
    const std::unique_lock<std::shared_mutex> lock(store_->mutex_);
    if (!is_valid()) {
        return std::nullopt;
    }
    return store_->write(resolve_writes(), claims_digest_);
}

// The caller holds the store's lock.
bool Transaction::is_valid() const {
    const bool maps_unchanged = std::all_of(read_maps_.begin(), read_maps_.end(), [this](const std::string& name) {
        return Store::last_change(store_->find_map(name)) <= start_version_;
    });
    return maps_unchanged && std::all_of(read_keys_.begin(), read_keys_.end(), [this](const auto& read_key) {
               const auto& [map, key] = read_key;
               return Store::last_change(store_->find_map(map), key) <= start_version_;
           });
}

// The caller holds the store's lock. Gives the writes away.
WriteSet Transaction::resolve_writes() {
    WriteSet resolved;
    for (auto& [name, writes] : writes_) {
        const Store::Map* map = store_->find_map(name);
        // Removing what never was leaves no trace.
        for (auto change = writes.keys.begin(); change != writes.keys.end();) {
            const bool nothing = change->second == nullptr && (map == nullptr || map->keys.count(change->first) == 0);
            change = nothing ? writes.keys.erase(change) : std::next(change);
        }
        if (writes.cleared && map != nullptr) {
            for (const auto& [key, history] : map->keys) {
                if (history.entries.back().value != nullptr) {
                    writes.keys.emplace(key, nullptr);  // Unless it is written again.
                }
            }
        }
        resolved.emplace(name, std::move(writes.keys));
    }
    return resolved;
}
