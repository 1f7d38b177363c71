// A Merkle tree over SHA-256 digests that only grows.
//
// The left part of a tree is the largest power of two of leaves that is smaller than the whole; the digest of a tree is
// that of its parts' digests. So each former tree is a prefix, and its root and proofs can still be made.
#pragma once

#include <cstddef>
#include <vector>

#include "encoding.hpp"

class MerkleTree {
public:
    // One step from a leaf to the root: the digest beside it, and on which side that stands.
    struct Step {
        Digest digest;
        bool left;
    };

    void append(const Digest& leaf);
    size_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }

    // Root of the first `size` leaves; there is at least one.
    Digest root(size_t size) const { return subtree(0, size); }
    // The way from leaf `index` to the root of the first `size` leaves.
    std::vector<Step> proof(size_t index, size_t size) const;

private:
    Digest subtree(size_t begin, size_t end) const;

    // Level n holds the digests of all complete subtrees of 2^n leaves.
    std::vector<std::vector<Digest>> levels_;
};
