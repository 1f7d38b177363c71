#include "bundle.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "file.hpp"
#include "start_error.hpp"

namespace filesystem = std::filesystem;

namespace {

// All regular files below `root`, by their path relative to it; sorted, so that the same app gives the same bundle.
std::map<std::string, filesystem::path> files_below(const filesystem::path& root) {
    std::map<std::string, filesystem::path> files;
    for (const auto& entry : filesystem::recursive_directory_iterator(root)) {
        if (entry.is_regular_file()) {
            files.emplace(entry.path().lexically_relative(root).generic_string(), entry.path());
        }
    }
    return files;
}

bool is_script(const std::string& name) {
    return filesystem::path(name).extension() == ".js";
}

// Text as a JSON string. Files that are no scripts only travel along, so bytes that are no text may become U+FFFD in
// them.
std::string as_json_string(const std::string& name, const std::string& text, const std::string& source) {
    using nlohmann::json;
    const auto on_invalid = is_script(name) ? json::error_handler_t::strict : json::error_handler_t::replace;
    try {
        return json(text).dump(-1, ' ', false, on_invalid);
    } catch (const json::type_error&) {
        throw StartError(source + ": not valid UTF-8");
    }
}

std::string pack(const filesystem::path& directory) {
    const filesystem::path metadata_path = directory / "app.json";
    const filesystem::path source_path = directory / "src";
    if (!filesystem::exists(metadata_path)) {
        throw StartError("the app " + directory.string() + " has no file app.json");
    }
    if (!filesystem::is_directory(source_path)) {
        throw StartError("the app " + directory.string() + " has no directory src");
    }
    // The metadata travels as it is written, so that the order of its members stays; it is parsed for errors' places
    // only.
    const std::string metadata = read_file(metadata_path.string());
    parse_json(metadata, metadata_path.string());

    std::string bundle = "{\"metadata\":" + metadata + ",\"modules\":[";
    const char* separator = "";
    for (const auto& [name, path] : files_below(source_path)) {
        bundle += separator;
        bundle += "{\"name\":" + as_json_string(path.string(), name, path.string());
        bundle += ",\"module\":" + as_json_string(name, read_file(path.string()), path.string()) + "}";
        separator = ",";
    }
    return bundle + "]}";
}

std::string with_one_slash(const std::string& name) {
    return "/" + name.substr(std::min(name.find_first_not_of('/'), name.size()));
}

std::string to_upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return std::toupper(letter); });
    return text;
}

}  // namespace

std::string read_bundle(const std::string& path) {
    try {
        if (!filesystem::exists(path)) {
            throw StartError("the app " + path + " does not exist");
        }
        return filesystem::is_directory(path) ? pack(path) : read_file(path);
    } catch (const filesystem::filesystem_error& error) {
        throw StartError("can't read the app " + path + ": " + error.what());
    }
}

nlohmann::ordered_json normal_bundle(std::string_view bundle) {
    auto normal = nlohmann::ordered_json::parse(bundle);
    auto endpoints = nlohmann::ordered_json::object();
    for (const auto& [path, methods] : normal["metadata"]["endpoints"].items()) {
        auto& known = endpoints[with_one_slash(path)];
        for (const auto& [method, properties] : methods.items()) {
            known[to_upper(method)] = properties;
        }
    }
    normal["metadata"]["endpoints"] = std::move(endpoints);
    for (auto& module : normal["modules"]) {
        const filesystem::path name = with_one_slash(module["name"].get<std::string>());
        module["name"] = name.lexically_normal().generic_string();
    }
    return normal;
}
