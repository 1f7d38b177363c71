// A versioned key-value store in memory, with optimistic transactions.
//
// Each commit that writes gets the next version of the whole store. A transaction reads the state of the version that
// was current when it began, whatever is committed meanwhile. Its commit fails when something that it read has changed
// since. Former values stay for the transactions that still read them; past states are the ledger's (ledger.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "encoding.hpp"

using Version = int64_t;
using Value = std::shared_ptr<const std::string>;

// Changes of one map by key; a null value removes.
using Changes = std::map<std::string, Value, std::less<>>;
// What one transaction changed, by map.
using WriteSet = std::map<std::string, Changes, std::less<>>;

// One commit that wrote something.
struct Commit {
    Version version;
    std::shared_ptr<const WriteSet> writes;
    std::optional<Digest> claims_digest;
};

// Learns of all commits that write.
class Journal {
public:
    virtual ~Journal() = default;
    // In the order of their versions, before anybody can see the commit. When it throws, there is no commit.
    virtual void append(const Commit& commit) = 0;
};

class Transaction;

// A read met a version whose values the store no longer keeps; the transaction must be run again.
struct VersionForgotten {};

class Store {
public:
    static constexpr size_t KEEP_ALL = std::numeric_limits<size_t>::max();
    // Version of the empty store.
    static constexpr Version FIRST_VERSION = 1;

    // Keeps the last `kept_values` values of each key, and perhaps some more.
    explicit Store(size_t kept_values = KEEP_ALL) : kept_values_(kept_values) {}

    // The journal outlives the store. Before the first commit.
    void set_journal(Journal& journal) { journal_ = &journal; }

    Transaction begin();
    Version version() const;
    // Commits what `make` gives for the next version, with no other commit in between; nothing commits nothing.
    void append(const std::function<std::optional<WriteSet>(Version)>& make);
    // Commits again what a journal has kept. Before the first transaction.
    void replay(const Commit& commit);

private:
    friend class Transaction;

    struct Written {
        Version version;
        Value value;  // Null: removed.
    };
    // What one key, or the size of one map, was at which version; oldest first.
    template <typename T>
    struct History {
        std::vector<T> entries;
        bool forgot = false;

        const T* at(Version version) const;
        void add(T entry, size_t kept);
    };
    struct Size {
        Version version;
        uint64_t size;
    };
    struct Map {
        // Removed keys stay, so references to the keys are good for ever.
        std::map<std::string, History<Written>, std::less<>> keys;
        History<Size> sizes;
    };

    const Map* find_map(std::string_view name) const;
    static Version last_change(const Map* map);
    static Version last_change(const Map* map, std::string_view key);
    Version write(WriteSet writes, const std::optional<Digest>& claims_digest);
    void apply(const WriteSet& writes, Version version);
    void apply(Map& map, const Changes& changes, Version version) const;

    mutable std::shared_mutex mutex_;
    std::map<std::string, Map, std::less<>> maps_;
    Version version_ = FIRST_VERSION;
    const size_t kept_values_;
    Journal* journal_ = nullptr;
};

// One transaction, used by one thread. Reads do not show its own writes: the library keeps the writes of a running
// request to itself and hands them over when the request has ended.
class Transaction {
public:
    Version start_version() const { return start_version_; }

    // Null when the key has no value.
    Value get(std::string_view map, std::string_view key);
    bool has(std::string_view map, std::string_view key) { return get(map, key) != nullptr; }
    // Version of the last write to a key that has a value.
    std::optional<Version> version_of(std::string_view map, std::string_view key);
    uint64_t size(std::string_view map);
    // In the order of the keys, until `visit` answers false.
    void for_each(std::string_view map, const std::function<bool(const std::string&, const std::string&)>& visit);

    void put(std::string_view map, std::string_view key, std::string_view value);
    void remove(std::string_view map, std::string_view key);
    void clear(std::string_view map);
    void set_claims_digest(const Digest& digest) { claims_digest_ = digest; }

    // The version of the state that the transaction saw or made; nothing when it must be run again.
    std::optional<Version> commit();

private:
    friend class Store;

    struct Writes {
        bool cleared = false;
        Changes keys;
    };

    Transaction(Store& store, Version start_version) : store_(&store), start_version_(start_version) {}

    const Store::Written* read(std::string_view map, std::string_view key);
    Writes& writes_to(std::string_view map);
    bool is_valid() const;
    WriteSet resolve_writes();

    Store* store_;
    Version start_version_;
    std::vector<std::pair<std::string, std::string>> read_keys_;
    std::set<std::string, std::less<>> read_maps_;
    std::map<std::string, Writes, std::less<>> writes_;
    std::optional<Digest> claims_digest_;
};
