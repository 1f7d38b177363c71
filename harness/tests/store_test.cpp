// The store: snapshots, conflicts, versions, and threads that lose no update.

#include "store.hpp"

#include <thread>

#include "check.hpp"

namespace {

std::string text_of(const Value& value) {
    return value == nullptr ? "(none)" : *value;
}

void put(Store& store, const std::string& key, const std::string& value) {
    Transaction transaction = store.begin();
    transaction.put("map", key, value);
    CHECK(transaction.commit());
}

std::string keys_of(Transaction& transaction) {
    std::string keys;
    transaction.for_each("map", [&](const std::string& key, const std::string&) {
        keys += key + " ";
        return true;
    });
    return keys;
}

void test_values() {
    Store store;
    const std::string bytes("\0\xff\0", 3);
    put(store, bytes, bytes);
    put(store, "empty", "");
    Transaction transaction = store.begin();
    CHECK(text_of(transaction.get("map", bytes)) == bytes);
    CHECK(text_of(transaction.get("map", "empty")).empty());
    CHECK(transaction.get("map", "none") == nullptr);
    CHECK(transaction.get("other", "empty") == nullptr);
    CHECK(transaction.size("map") == 2);
    CHECK(transaction.size("other") == 0);
}

void test_snapshot() {
    Store store;
    put(store, "a", "1");
    put(store, "b", "1");
    Transaction old = store.begin();
    put(store, "a", "2");
    put(store, "c", "2");
    Transaction remover = store.begin();
    remover.remove("map", "b");
    CHECK(remover.commit());
    CHECK(text_of(old.get("map", "a")) == "1");
    CHECK(text_of(old.get("map", "b")) == "1");
    CHECK(!old.has("map", "c"));
    CHECK(old.size("map") == 2);
    CHECK(keys_of(old) == "a b ");
    Transaction now = store.begin();
    CHECK(keys_of(now) == "a c ");
    CHECK(now.size("map") == 2);
    // Reading an old state is no conflict when nothing is written.
    CHECK(old.commit() == old.start_version());
}

void test_versions() {
    Store store;
    CHECK(store.version() == Store::FIRST_VERSION);
    put(store, "a", "1");
    put(store, "b", "1");
    put(store, "a", "2");
    Transaction transaction = store.begin();
    CHECK(transaction.version_of("map", "a") == Store::FIRST_VERSION + 3);
    CHECK(transaction.version_of("map", "b") == Store::FIRST_VERSION + 2);
    CHECK(!transaction.version_of("map", "c"));
    transaction.put("map", "c", "3");
    CHECK(transaction.commit() == Store::FIRST_VERSION + 4);
}

// Whether a transaction that does `first` can commit after another one has done `second`.
template <typename First, typename Second>
bool commits(const First& first, const Second& second) {
    Store store;
    put(store, "a", "1");
    put(store, "b", "1");
    Transaction slow = store.begin();
    first(slow);
    slow.put("map", "result", "x");
    Transaction quick = store.begin();
    second(quick);
    CHECK(quick.commit());
    return slow.commit().has_value();
}

void test_conflicts() {
    const auto read_a = [](Transaction& transaction) { transaction.get("map", "a"); };
    const auto read_none = [](Transaction& transaction) { transaction.has("map", "none"); };
    const auto read_version = [](Transaction& transaction) { transaction.version_of("map", "a"); };
    const auto read_size = [](Transaction& transaction) { transaction.size("map"); };
    const auto walk = [](Transaction& transaction) { keys_of(transaction); };
    const auto clear = [](Transaction& transaction) { transaction.clear("map"); };
    const auto nothing = [](Transaction&) {};
    const auto write = [](const char* key) {
        return [key](Transaction& transaction) { transaction.put("map", key, "2"); };
    };
    const auto remove_a = [](Transaction& transaction) { transaction.remove("map", "a"); };
    const auto elsewhere = [](Transaction& transaction) { transaction.put("other", "a", "2"); };
    CHECK(!commits(read_a, write("a")));
    CHECK(!commits(read_a, remove_a));
    CHECK(!commits(read_a, clear));
    CHECK(commits(read_a, write("b")));
    CHECK(commits(read_a, elsewhere));
    CHECK(!commits(read_none, write("none")));
    CHECK(!commits(read_version, write("a")));
    CHECK(!commits(read_size, write("a")));
    CHECK(!commits(walk, write("new")));
    CHECK(!commits(clear, write("a")));
    CHECK(commits(walk, elsewhere));
    CHECK(commits(nothing, write("result")));
}

void test_clear() {
    Store store;
    put(store, "a", "1");
    put(store, "b", "1");
    Transaction before = store.begin();
    Transaction transaction = store.begin();
    transaction.put("map", "x", "dropped");
    transaction.clear("map");
    transaction.put("map", "b", "2");
    CHECK(transaction.commit());
    Transaction after = store.begin();
    CHECK(keys_of(after) == "b ");
    CHECK(after.size("map") == 1);
    CHECK(keys_of(before) == "a b ");
    CHECK(before.size("map") == 2);
}

void test_forgetting() {
    Store store(2);
    put(store, "a", "0");
    Transaction old = store.begin();
    for (int number = 0; number < 10; ++number) {
        put(store, "a", std::to_string(number));
    }
    bool forgotten = false;
    try {
        old.get("map", "a");
    } catch (const VersionForgotten&) {
        forgotten = true;
    }
    CHECK(forgotten);
    CHECK(text_of(store.begin().get("map", "a")) == "9");
}

void test_threads() {
    constexpr int THREADS = 8;
    constexpr int ROUNDS = 500;
    constexpr int COUNTERS = 3;
    Store store(4);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < THREADS; ++thread) {
        threads.emplace_back([&store, thread] {
            for (int round = 0; round < ROUNDS;) {
                try {
                    Transaction transaction = store.begin();
                    const std::string counter = "counter" + std::to_string((thread + round) % COUNTERS);
                    const Value value = transaction.get("map", counter);
                    transaction.size("other");
                    const int number = value == nullptr ? 0 : std::stoi(*value);
                    transaction.put("map", counter, std::to_string(number + 1));
                    round += transaction.commit() ? 1 : 0;
                } catch (const VersionForgotten&) {
                    // As a conflict: once more.
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    Transaction transaction = store.begin();
    int sum = 0;
    transaction.for_each("map", [&](const std::string&, const std::string& value) {
        sum += std::stoi(value);
        return true;
    });
    CHECK(sum == THREADS * ROUNDS);
    CHECK(transaction.size("map") == COUNTERS);
    CHECK(store.version() == Store::FIRST_VERSION + THREADS * ROUNDS);
}

}  // namespace

int main() {
    test_values();
    test_snapshot();
    test_versions();
    test_conflicts();
    test_clear();
    test_forgetting();
    test_threads();
}
