// What a signature and a proof look like: in the ledger, and in a receipt.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger.hpp"
#include "merkle.hpp"

// The transaction that keeps a signature in the store, where apps may read it.
WriteSet write_signature(const TransactionId& id, const Signature& signature);
// Null when the writes are no signature.
std::shared_ptr<const Signature> read_signature(const WriteSet& writes);

// Receipts, JSON text: of a transaction that a signature covers, and of the signature itself.
std::string proof_receipt(const LedgerEntry& entry, const std::vector<MerkleTree::Step>& proof,
                          const Signature& signature);
std::string signature_receipt(const Signature& signature);
