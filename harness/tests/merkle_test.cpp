// The Merkle tree against the definition of its root, and the texts and bytes that the ledger is made of.

#include "merkle.hpp"

#include <vector>

#include "check.hpp"
#include "transaction_id.hpp"
#include "write_set.hpp"

namespace {

constexpr size_t LARGEST_TREE = 70;

Digest leaf(size_t index) {
    return sha256({std::to_string(index)});
}

Digest pair(const Digest& left, const Digest& right) {
    return sha256({view(left), view(right)});
}

// The definition, level by level: neighbours become one, and a last one without neighbour stays.
Digest defined_root(size_t size) {
    std::vector<Digest> level;
    for (size_t index = 0; index < size; ++index) {
        level.push_back(leaf(index));
    }
    while (level.size() > 1) {
        std::vector<Digest> next;
        for (size_t index = 0; index + 1 < level.size(); index += 2) {
            next.push_back(pair(level[index], level[index + 1]));
        }
        if (level.size() % 2 != 0) {
            next.push_back(level.back());
        }
        level = next;
    }
    return level.front();
}

void test_roots_of_all_prefixes() {
    MerkleTree tree;
    for (size_t index = 0; index < LARGEST_TREE; ++index) {
        tree.append(leaf(index));
    }
    CHECK(tree.size() == LARGEST_TREE);
    for (size_t size = 1; size <= LARGEST_TREE; ++size) {
        CHECK(tree.root(size) == defined_root(size));
    }
}

void test_proofs_lead_to_the_root() {
    MerkleTree tree;
    for (size_t index = 0; index < LARGEST_TREE; ++index) {
        tree.append(leaf(index));
    }
    for (size_t size = 1; size <= LARGEST_TREE; ++size) {
        for (size_t index = 0; index < size; ++index) {
            Digest digest = leaf(index);
            for (const MerkleTree::Step& step : tree.proof(index, size)) {
                digest = step.left ? pair(step.digest, digest) : pair(digest, step.digest);
            }
            CHECK(digest == tree.root(size));
        }
    }
}

void test_transaction_ids() {
    const std::optional<TransactionId> id = TransactionId::parse("2.17");
    CHECK(id && id->view == 2 && id->seqno == 17 && id->text() == "2.17");
    CHECK(TransactionId::parse("18446744073709551615.1"));
    for (const char* text : {"", ".", "2", "2.", ".2", "0.1", "1.0", "-1.1", "+1.1", " 1.1", "1.1 ", "1.1.1", "1,1",
                             "0x1.1", "18446744073709551616.1"}) {
        CHECK(!TransactionId::parse(text));
    }
}

void test_packed_writes() {
    const std::string bytes("\0\xff\0", 3);
    WriteSet writes;
    writes["map"] = {{bytes, std::make_shared<const std::string>(bytes)},
                     {"", std::make_shared<const std::string>()},
                     {"removed", nullptr}};
    writes[bytes] = {};
    const WriteSet unpacked = unpack_writes(pack_writes(writes));
    CHECK(unpacked.size() == 2 && unpacked.at(bytes).empty());
    const Changes& changes = unpacked.at("map");
    CHECK(changes.size() == 3);
    CHECK(*changes.at(bytes) == bytes && changes.at("")->empty() && changes.at("removed") == nullptr);
    CHECK(pack_writes(unpacked) == pack_writes(writes));
}

}  // namespace

int main() {
    test_roots_of_all_prefixes();
    test_proofs_lead_to_the_root();
    test_transaction_ids();
    test_packed_writes();
}
