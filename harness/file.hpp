// Whole files, writing all of something, and JSON files with the place of an error.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// Reads a file as it is. Throws StartError.
std::string read_file(const std::string& path);

// Writes all bytes to a descriptor; false, with errno, when that fails.
bool write_all(int descriptor, std::string_view bytes);

// Parses JSON that came from `source`; an error says `source:line:column`. Throws StartError.
nlohmann::ordered_json parse_json(std::string_view text, const std::string& source);
