#include "log.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "file.hpp"
#include "start_error.hpp"

namespace {

constexpr int NOWHERE = -1;

const char* level_name(jsep_log_level level) {
    switch (level) {
        case JSEP_LOG_INFO:
            return "info";
        case JSEP_LOG_FAIL:
            return "fail";
        case JSEP_LOG_FATAL:
            return "fatal";
    }
    // A library newer than this program may have levels that it does not know.
    return "fatal";
}

// One line, so that what an app logs can't pass for another event.
std::string as_line(jsep_log_level level, std::string_view text) {
    static constexpr char DIGITS[] = "0123456789abcdef";
    std::string line = std::string("[") + level_name(level) + "] ";
    line.reserve(line.size() + text.size() + 1);
    for (const char character : text) {
        const auto code = static_cast<unsigned char>(character);
        if (character == '\n') {
            line += "\\n";
        } else if (character == '\r') {
            line += "\\r";
        } else if ((code < 0x20 && character != '\t') || code == 0x7f) {
            line += {'\\', 'x', DIGITS[code >> 4U], DIGITS[code & 0xfU]};
        } else {
            line += character;
        }
    }
    line += '\n';
    return line;
}

}  // namespace

Log Log::to_standard_error() {
    return Log(STDERR_FILENO, false);
}

Log Log::to_file(const std::string& path) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        throw StartError("can't open the log file " + path + ": " + std::strerror(errno));
    }
    return Log(descriptor, true);
}

Log Log::to_nowhere() {
    return Log(NOWHERE, false);
}

Log::~Log() {
    if (owned_) {
        close(descriptor_);
    }
}

void Log::write(jsep_log_level level, std::string_view text) noexcept {
    if (descriptor_ == NOWHERE) {
        return;
    }
    try {
        const std::string line = as_line(level, text);
        const std::lock_guard<std::mutex> lock(mutex_);
        // There is no other place to report that the log can't be written.
        static_cast<void>(write_all(descriptor_, line));
    } catch (const std::exception&) {
        // Out of memory; as above.
    }
}
