// SHA-256, and bytes as text.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

using Digest = std::array<uint8_t, 32>;

inline std::string_view view(const Digest& digest) {
    return std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size());
}

// Digest of the parts, one behind the other.
Digest sha256(std::initializer_list<std::string_view> parts);

// Lower-case digits.
std::string to_hex(std::string_view bytes);

// With padding, in one line.
std::string to_base64(std::string_view bytes);

// Unpredictable bytes.
std::string random_bytes(size_t count);
