#include "ledger.hpp"

#include <algorithm>
#include <mutex>

#include "receipt.hpp"
#include "start_error.hpp"
#include "write_set.hpp"

namespace {

constexpr size_t EVIDENCE_BYTES = 32;

LedgerEntry entry_of(StoredTransaction&& stored, std::shared_ptr<const WriteSet> writes) {
    LedgerEntry entry;
    entry.id = stored.id;
    entry.writes = std::move(writes);
    entry.write_set_digest = sha256({stored.writes});
    entry.commit_evidence = std::move(stored.commit_evidence);
    entry.claims_digest = stored.claims_digest;
    return entry;
}

}  // namespace

const char* name_of(TransactionStatus status) {
    switch (status) {
        case TransactionStatus::PENDING:
            return "Pending";
        case TransactionStatus::COMMITTED:
            return "Committed";
        case TransactionStatus::INVALID:
            return "Invalid";
        case TransactionStatus::UNKNOWN:
            break;
    }
    return "Unknown";
}

Digest leaf_of(const LedgerEntry& entry) {
    return sha256({view(entry.write_set_digest), view(sha256({entry.commit_evidence})), view(entry.claims_digest)});
}

Ledger::Ledger(Store& store, NodeIdentity node, uint64_t signature_interval, LedgerFile* file)
    : store_(store), node_(std::move(node)), signature_interval_(signature_interval), file_(file) {
    if (file_ != nullptr) {
        read_file();
    }
    if (entries_.empty()) {
        // The empty store is the work of the first transaction.
        append(Commit{Store::FIRST_VERSION, std::make_shared<const WriteSet>(), std::nullopt});
    }
    store_.set_journal(*this);
}

void Ledger::read_file() {
    try {
        file_->read([this](StoredTransaction&& stored) {
            if (stored.id.seqno != entries_.size() + 1) {
                throw StartError("the store has no transaction " + std::to_string(entries_.size() + 1));
            }
            const auto writes = std::make_shared<const WriteSet>(unpack_writes(stored.writes));
            store_.replay(Commit{static_cast<Version>(stored.id.seqno), writes, std::nullopt});
            add(entry_of(std::move(stored), writes));
            require_signed_root();
        });
    } catch (const StartError&) {
        throw;
    } catch (const std::exception& error) {
        throw StartError(std::string("can't read the store: ") + error.what());
    }
    if (!entries_.empty()) {
        view_ = entries_.back().id.view + 1;
    }
}

// Whoever changes a stored transaction changes the tree, and the signature behind it no longer fits.
void Ledger::require_signed_root() const {
    const LedgerEntry& last = entries_.back();
    if (last.signature != nullptr && last.signature->root != to_hex(view(tree_.root(last.id.seqno - 1)))) {
        throw StartError("the transactions of the store do not fit the signature " + last.id.text());
    }
}

void Ledger::append(const Commit& commit) {
    StoredTransaction stored;
    stored.id = TransactionId{view_, static_cast<uint64_t>(commit.version)};
    stored.writes = pack_writes(*commit.writes);
    stored.commit_evidence = "ce:" + stored.id.text() + ":" + to_hex(random_bytes(EVIDENCE_BYTES));
    stored.claims_digest = commit.claims_digest.value_or(Digest{});
    if (file_ != nullptr) {
        file_->append(stored);
    }
    add(entry_of(std::move(stored), commit.writes));
}

void Ledger::add(LedgerEntry entry) {
    entry.signature = read_signature(*entry.writes);
    const Digest leaf = leaf_of(entry);
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    if (entry.signature != nullptr) {
        signatures_.push_back(entry.id.seqno);
    }
    tree_.append(leaf);
    entries_.push_back(std::move(entry));
}

void Ledger::sign() {
    store_.append([this](Version version) { return signature_writes(static_cast<uint64_t>(version)); });
}

// Nothing when all transactions are covered. Called with the store's lock, so no transaction can come in between.
std::optional<WriteSet> Ledger::signature_writes(uint64_t seqno) const {
    Digest root{};
    {
        const std::shared_lock<std::shared_mutex> lock(mutex_);
        if (entries_.back().signature != nullptr) {
            return std::nullopt;
        }
        root = tree_.root(seqno - 1);
    }
    return write_signature(TransactionId{view_, seqno},
                           Signature{node_.id(), node_.certificate(), to_hex(view(root)), to_base64(node_.sign(root))});
}

void Ledger::sign_when_due() {
    if (signature_interval_ == 0) {
        return;
    }
    bool due = false;
    {
        const std::shared_lock<std::shared_mutex> lock(mutex_);
        const uint64_t covered = signatures_.empty() ? 0 : signatures_.back();
        due = entries_.size() - covered >= signature_interval_;
    }
    if (due) {
        sign();
    }
}

void Ledger::sign_on_demand() {
    if (signature_interval_ == 0) {
        sign();
    }
}

TransactionId Ledger::id_of(Version version) const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    return entries_.at(static_cast<size_t>(version) - 1).id;
}

std::optional<uint64_t> Ledger::view_of(uint64_t seqno) const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    return seqno == 0 || seqno > entries_.size() ? std::nullopt : std::optional<uint64_t>(entries_[seqno - 1].id.view);
}

TransactionId Ledger::last_committed() {
    sign_on_demand();
    return last_signature();
}

// Before the first signature nothing is committed, which the id 0.0 says.
TransactionId Ledger::last_signature() const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    return signatures_.empty() ? TransactionId{0, 0} : entries_[signatures_.back() - 1].id;
}

TransactionStatus Ledger::status_of(const TransactionId& id) {
    sign_on_demand();
    const TransactionId committed = last_signature();
    const std::optional<uint64_t> view = view_of(id.seqno);
    if (view == id.view) {
        return id.seqno <= committed.seqno ? TransactionStatus::COMMITTED : TransactionStatus::PENDING;
    }
    // Another transaction has this number for ever, or a view before the last one can't write it any more.
    const bool never = id.seqno <= committed.seqno || id.view < view_;
    return never ? TransactionStatus::INVALID : TransactionStatus::UNKNOWN;
}

std::shared_ptr<const WriteSet> Ledger::writes(uint64_t seqno) const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    return entries_.at(seqno - 1).writes;
}

Value Ledger::written(uint64_t seqno, std::string_view map, std::string_view key) const {
    const std::shared_ptr<const WriteSet> writes = this->writes(seqno);
    const auto changes = writes->find(map);
    if (changes == writes->end()) {
        return nullptr;
    }
    const auto change = changes->second.find(key);
    return change == changes->second.end() ? nullptr : change->second;
}

std::string Ledger::receipt(uint64_t seqno) const {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    const LedgerEntry& entry = entries_.at(seqno - 1);
    if (entry.signature != nullptr) {
        return signature_receipt(*entry.signature);
    }
    const uint64_t signature = *std::upper_bound(signatures_.begin(), signatures_.end(), seqno);
    return proof_receipt(entry, tree_.proof(seqno - 1, signature - 1), *entries_[signature - 1].signature);
}
