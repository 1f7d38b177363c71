#include "merkle.hpp"

#include <algorithm>

namespace {

// Number of leaves in the left part of a tree of `size` leaves, two at least.
size_t left_part(size_t size) {
    size_t part = 1;
    while (part * 2 < size) {
        part *= 2;
    }
    return part;
}

}  // namespace

void MerkleTree::append(const Digest& leaf) {
    Digest digest = leaf;
    for (size_t level = 0;; ++level) {
        if (level == levels_.size()) {
            levels_.emplace_back();
        }
        std::vector<Digest>& digests = levels_[level];
        digests.push_back(digest);
        if (digests.size() % 2 != 0) {
            return;
        }
        digest = sha256({view(digests[digests.size() - 2]), view(digests.back())});
    }
}

// The leaves of a part on the left are a power of two, and so is the number of leaves before them: the levels have it.
Digest MerkleTree::subtree(size_t begin, size_t end) const {
    size_t level = 0;
    while ((size_t{1} << level) < end - begin) {
        ++level;
    }
    if ((size_t{1} << level) == end - begin) {
        return levels_[level][begin >> level];
    }
    const size_t middle = begin + left_part(end - begin);
    return sha256({view(subtree(begin, middle)), view(subtree(middle, end))});
}

std::vector<MerkleTree::Step> MerkleTree::proof(size_t index, size_t size) const {
    std::vector<Step> steps;
    size_t begin = 0;
    size_t end = size;
    while (end - begin > 1) {
        const size_t middle = begin + left_part(end - begin);
        if (index < middle) {
            steps.push_back(Step{subtree(middle, end), false});
            end = middle;
        } else {
            steps.push_back(Step{subtree(begin, middle), true});
            begin = middle;
        }
    }
    std::reverse(steps.begin(), steps.end());
    return steps;
}
