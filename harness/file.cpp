#include "file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include "start_error.hpp"

namespace {

// `line:column`, both from 1, of the byte that the parser had read last.
std::string place_of(std::string_view text, size_t bytes_read) {
    const std::string_view before = text.substr(0, std::min(text.size(), bytes_read > 0 ? bytes_read - 1 : 0));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t line_start = before.rfind('\n');
    const size_t column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
    return std::to_string(line) + ":" + std::to_string(column);
}

// The parser's message without its own number, name and place.
std::string reason_of(const nlohmann::json::parse_error& error) {
    const std::string text = error.what();
    const size_t place = text.find("column ");
    const size_t reason = text.find(": ", place == std::string::npos ? 0 : place);
    return reason == std::string::npos ? text : text.substr(reason + 2);
}

}  // namespace

std::string read_file(const std::string& path) {
    if (std::filesystem::is_directory(path)) {
        throw StartError("can't read " + path + ": it is a directory");
    }
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file) {
        // An empty file makes the insertion fail, which is no failure to read.
        if (file.peek() != std::ifstream::traits_type::eof()) {
            text << file.rdbuf();
        }
    }
    if (!file.is_open() || file.bad() || text.fail()) {
        throw StartError("can't read " + path + ": " + (errno != 0 ? std::strerror(errno) : "unknown reason"));
    }
    return text.str();
}

nlohmann::ordered_json parse_json(std::string_view text, const std::string& source) {
    try {
        return nlohmann::ordered_json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
        throw StartError(source + ":" + place_of(text, error.byte) + ": not valid JSON: " + reason_of(error));
    }
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}
