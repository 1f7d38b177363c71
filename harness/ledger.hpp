// The committed transactions of a store: what each wrote, a Merkle tree over them, and signatures over its roots.
//
// A signature is a transaction of its own, and what it covers is committed for ever. The host signs after every so many
// transactions, or, with an interval of 0, whenever somebody asks what is committed.
//
// Everything stays: the ledger grows with each transaction.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "ledger_file.hpp"
#include "merkle.hpp"
#include "node_identity.hpp"
#include "store.hpp"
#include "transaction_id.hpp"

enum class TransactionStatus { UNKNOWN, PENDING, COMMITTED, INVALID };

// As clients and apps see it: `Committed`.
const char* name_of(TransactionStatus status);

// A signature over the root of all transactions before it, as receipts show it.
struct Signature {
    std::string node;  // Id of the node that signed.
    std::string certificate;
    std::string root;   // In hexadecimal digits.
    std::string value;  // In base64.
};

// One transaction of the ledger.
struct LedgerEntry {
    TransactionId id;
    std::shared_ptr<const WriteSet> writes;
    Digest write_set_digest;
    // Proves to those who see it that the transaction was committed; nobody can guess it before.
    std::string commit_evidence;
    // Zeros: no claims.
    Digest claims_digest;
    // Null unless the transaction is a signature.
    std::shared_ptr<const Signature> signature;
};

// The digest of a transaction that is a leaf of the tree.
Digest leaf_of(const LedgerEntry& entry);

class Ledger final : public Journal {
public:
    static constexpr uint64_t FIRST_VIEW = 2;

    // Becomes the journal of the store, which is new and outlives it, as does the file. What the file holds comes back,
    // in the store too, and a new view begins; null: the ledger is in memory only. Throws StartError.
    Ledger(Store& store, NodeIdentity node, uint64_t signature_interval, LedgerFile* file = nullptr);

    void append(const Commit& commit) override;
    // Signs when as many transactions as the interval says wait for it. Call it after a commit.
    void sign_when_due();

    // The id of a version of the store.
    TransactionId id_of(Version version) const;
    // The view of a sequence number; nothing when there is no such transaction.
    std::optional<uint64_t> view_of(uint64_t seqno) const;
    TransactionId last_committed();
    TransactionStatus status_of(const TransactionId& id);

    // All functions below are for committed sequence numbers.
    std::shared_ptr<const WriteSet> writes(uint64_t seqno) const;
    // The value that the transaction gave to a key; null when it removed or did not touch it.
    Value written(uint64_t seqno, std::string_view map, std::string_view key) const;
    // The receipt as JSON text.
    std::string receipt(uint64_t seqno) const;

private:
    void read_file();
    void require_signed_root() const;
    void add(LedgerEntry entry);
    void sign();
    void sign_on_demand();
    std::optional<WriteSet> signature_writes(uint64_t seqno) const;
    TransactionId last_signature() const;

    Store& store_;
    const NodeIdentity node_;
    const uint64_t signature_interval_;
    LedgerFile* const file_;
    mutable std::shared_mutex mutex_;
    std::vector<LedgerEntry> entries_;  // The one of sequence number n is at n - 1.
    std::vector<uint64_t> signatures_;  // Sequence numbers, in order.
    MerkleTree tree_;
    uint64_t view_ = FIRST_VIEW;
};
