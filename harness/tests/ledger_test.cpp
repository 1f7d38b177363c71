// The ledger over its store: signatures, what is committed, past writes, and threads that ask while others write.

#include "ledger.hpp"

#include <atomic>
#include <thread>

#include "check.hpp"
#include "history.hpp"

namespace {

constexpr uint64_t ON_DEMAND = 0;
constexpr uint64_t NEVER = 1000000;

struct Fixture {
    explicit Fixture(uint64_t signature_interval) : ledger(store, NodeIdentity::make(), signature_interval) {}

    uint64_t put(const std::string& key, const std::string& value) {
        Transaction transaction = store.begin();
        transaction.put("map", key, value);
        const std::optional<Version> version = transaction.commit();
        CHECK(version);
        ledger.sign_when_due();
        return static_cast<uint64_t>(*version);
    }

    Store store;
    Ledger ledger;
};

void test_signatures_on_demand() {
    Fixture fixture(ON_DEMAND);
    const uint64_t seqno = fixture.put("key", "value");
    CHECK(fixture.ledger.last_committed().seqno == seqno + 1);
    CHECK(fixture.ledger.last_committed().seqno == seqno + 1);
    CHECK(fixture.store.version() == static_cast<Version>(seqno + 1));
}

void test_signatures_after_so_many_transactions() {
    constexpr uint64_t INTERVAL = 3;
    Fixture fixture(INTERVAL);
    for (uint64_t count = 0; count < 20; ++count) {
        const uint64_t seqno = fixture.put("key", "value");
        CHECK(fixture.ledger.last_committed().seqno + INTERVAL > seqno);
    }
}

void test_status() {
    Fixture pending(NEVER);
    const uint64_t seqno = pending.put("key", "value");
    CHECK(pending.ledger.status_of({Ledger::FIRST_VIEW, seqno}) == TransactionStatus::PENDING);
    CHECK(pending.ledger.last_committed().view == 0);

    Fixture fixture(ON_DEMAND);
    const uint64_t written = fixture.put("key", "value");
    CHECK(fixture.ledger.status_of({Ledger::FIRST_VIEW, written}) == TransactionStatus::COMMITTED);
    CHECK(fixture.ledger.status_of({Ledger::FIRST_VIEW + 1, written}) == TransactionStatus::INVALID);
    CHECK(fixture.ledger.status_of({Ledger::FIRST_VIEW - 1, NEVER}) == TransactionStatus::INVALID);
    CHECK(fixture.ledger.status_of({Ledger::FIRST_VIEW, NEVER}) == TransactionStatus::UNKNOWN);
}

void test_past_writes() {
    Fixture fixture(ON_DEMAND);
    const uint64_t first = fixture.put("key", "first");
    const uint64_t second = fixture.put("other", "second");
    CHECK(*fixture.ledger.written(first, "map", "key") == "first");
    CHECK(fixture.ledger.written(second, "map", "key") == nullptr);
    CHECK(fixture.ledger.written(first, "no map", "key") == nullptr);
}

void test_ranges_are_forgotten() {
    Fixture fixture(ON_DEMAND);
    const uint64_t seqno = fixture.put("key", "value");
    History history(fixture.ledger, 0);
    const History::Clock::time_point begin = History::Clock::now();
    CHECK(history.has_range(1, seqno, seqno, 10, begin));
    CHECK(!history.drop(1, begin + std::chrono::seconds(10)));
    CHECK(history.has_range(1, seqno, seqno, 10, begin));
    CHECK(history.has_range(1, seqno, seqno, 10, begin + std::chrono::seconds(9)));
    CHECK(history.drop(1, begin + std::chrono::seconds(18)));
    CHECK(!history.drop(1, begin));
}

void test_threads() {
    constexpr int WRITERS = 2;
    constexpr int ROUNDS = 200;
    Fixture fixture(ON_DEMAND);
    std::atomic<int> running{WRITERS};
    std::vector<std::thread> threads;
    for (int writer = 0; writer < WRITERS; ++writer) {
        threads.emplace_back([&, writer] {
            for (int round = 0; round < ROUNDS; ++round) {
                fixture.put(std::to_string(writer), std::to_string(round));
            }
            --running;
        });
    }
    threads.emplace_back([&] {
        while (running > 0) {
            const TransactionId last = fixture.ledger.last_committed();
            CHECK(fixture.ledger.status_of(last) == TransactionStatus::COMMITTED);
            CHECK(!fixture.ledger.receipt(last.seqno).empty());
            CHECK(!fixture.ledger.receipt(1).empty());
        }
    });
    for (std::thread& thread : threads) {
        thread.join();
    }
    uint64_t written = 0;
    const uint64_t last = fixture.ledger.last_committed().seqno;
    for (uint64_t seqno = 1; seqno <= last; ++seqno) {
        const std::shared_ptr<const WriteSet> writes = fixture.ledger.writes(seqno);
        written += writes->count("map");
    }
    CHECK(written == WRITERS * ROUNDS);
}

}  // namespace

int main() {
    test_signatures_on_demand();
    test_signatures_after_so_many_transactions();
    test_status();
    test_past_writes();
    test_ranges_are_forgotten();
    test_threads();
}
