#include "write_set.hpp"

#include <nlohmann/json.hpp>

using nlohmann::json;

namespace {

json binary(const std::string& bytes) {
    return json::binary(std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

std::string text(const json& binary) {
    const auto& bytes = binary.get_binary();
    return std::string(bytes.begin(), bytes.end());
}

}  // namespace

std::string pack_writes(const WriteSet& writes) {
    // Names are bytes, too: nothing promises that they are UTF-8.
    json packed = json::array();
    for (const auto& [name, changes] : writes) {
        json packed_changes = json::array();
        for (const auto& [key, value] : changes) {
            packed_changes.push_back({binary(key), value == nullptr ? json(nullptr) : binary(*value)});
        }
        packed.push_back({binary(name), std::move(packed_changes)});
    }
    std::string bytes;
    json::to_cbor(packed, bytes);
    return bytes;
}

WriteSet unpack_writes(std::string_view bytes) {
    WriteSet writes;
    for (const json& packed : json::from_cbor(bytes.begin(), bytes.end())) {
        Changes& changes = writes[text(packed.at(0))];
        for (const json& change : packed.at(1)) {
            const json& value = change.at(1);
            changes[text(change.at(0))] = value.is_null() ? nullptr : std::make_shared<const std::string>(text(value));
        }
    }
    return writes;
}
