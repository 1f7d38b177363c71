// Write sets as bytes: what a ledger keeps and digests.
#pragma once

#include <string>
#include <string_view>

#include "store.hpp"

// CBOR: an array of [name of a map, [[key, value or null], ...]]; names, keys and values are byte strings.
std::string pack_writes(const WriteSet& writes);

// Throws nlohmann::json::exception.
WriteSet unpack_writes(std::string_view bytes);
