// An app as the packed JSON text that a registry installs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// Reads an app directory (app.json and src/**), or takes a packed bundle file as it is. Throws StartError.
std::string read_bundle(const std::string& path);

// A bundle that a registry has taken, as people get it back: paths and names of modules begin with one slash, methods
// are in upper case.
nlohmann::ordered_json normal_bundle(std::string_view bundle);
