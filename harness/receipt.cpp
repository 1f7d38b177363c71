#include "receipt.hpp"

#include <nlohmann/json.hpp>

using nlohmann::ordered_json;

namespace {

// Apps can't write to maps of this name.
constexpr const char* SIGNATURES_MAP = "public:ccf.internal.signatures";
// The map holds one value, which each signature replaces.
const std::string SIGNATURE_KEY(8, '\0');

ordered_json receipt_with(const Signature& signature) {
    return {{"signature", signature.value}, {"cert", signature.certificate}, {"node_id", signature.node}};
}

}  // namespace

WriteSet write_signature(const TransactionId& id, const Signature& signature) {
    const ordered_json value = {{"node", signature.node}, {"view", id.view},        {"seqno", id.seqno},
                                {"root", signature.root}, {"sig", signature.value}, {"cert", signature.certificate}};
    return {{SIGNATURES_MAP, {{SIGNATURE_KEY, std::make_shared<const std::string>(value.dump())}}}};
}

std::shared_ptr<const Signature> read_signature(const WriteSet& writes) {
    const auto map = writes.find(SIGNATURES_MAP);
    if (map == writes.end()) {
        return nullptr;
    }
    const ordered_json value = ordered_json::parse(*map->second.at(SIGNATURE_KEY));
    return std::make_shared<const Signature>(
        Signature{value.at("node"), value.at("cert"), value.at("root"), value.at("sig")});
}

std::string proof_receipt(const LedgerEntry& entry, const std::vector<MerkleTree::Step>& proof,
                          const Signature& signature) {
    ordered_json receipt = receipt_with(signature);
    receipt["is_signature_transaction"] = false;
    receipt["leaf_components"] = {{"write_set_digest", to_hex(view(entry.write_set_digest))},
                                  {"commit_evidence", entry.commit_evidence},
                                  {"claims_digest", to_hex(view(entry.claims_digest))}};
    ordered_json& steps = receipt["proof"] = ordered_json::array();
    for (const MerkleTree::Step& step : proof) {
        steps.push_back(ordered_json::object({{step.left ? "left" : "right", to_hex(view(step.digest))}}));
    }
    return receipt.dump();
}

std::string signature_receipt(const Signature& signature) {
    ordered_json receipt = receipt_with(signature);
    receipt["is_signature_transaction"] = true;
    receipt["root_hex"] = signature.root;
    return receipt.dump();
}
