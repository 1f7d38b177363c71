// An app on disk as the packed JSON text that a registry installs.
#pragma once

#include <string>

// Reads an app directory (app.json and src/**), or takes a packed bundle file as it is. Throws StartError.
std::string read_bundle(const std::string& path);
