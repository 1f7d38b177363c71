#include "cache_files.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "bytes.hpp"
#include "file.hpp"
#include "start_error.hpp"

namespace {

constexpr size_t PART = 1 << 16;

// The file of a key; nothing for a key that could lead elsewhere.
std::string path_of(const std::string& directory, std::string_view key) {
    const bool safe = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char letter) {
        return std::isalnum(letter) != 0 || letter == '-';
    });
    return safe ? directory + "/" + std::string(key) : std::string();
}

// Called from within the library, where an exception must not pass.
template <typename Work>
uint32_t guarded(const Work& work) noexcept {
    try {
        return work() ? JSEP_OK : JSEP_NOT_FOUND;
    } catch (...) {
        return JSEP_NOT_FOUND;
    }
}

bool load_file(const std::string& path, const jsep_sink& entry) {
    const int file = path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    std::vector<uint8_t> part(PART);
    ssize_t read = 0;
    while ((read = ::read(file, part.data(), part.size())) > 0 || (read < 0 && errno == EINTR)) {
        if (read > 0) {
            entry.write(entry.context, part.data(), static_cast<size_t>(read));
        }
    }
    ::close(file);
    return read == 0;
}

// A reader sees the former file or the new one, never a part: it is written beside its place and moved there.
bool store_file(const std::string& path, std::string_view entry) {
    if (path.empty()) {
        return false;
    }
    std::string draft = path + ".XXXXXX";
    const int file = ::mkostemp(draft.data(), O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const bool written = write_all(file, entry);
    const bool closed = ::close(file) == 0;
    if (written && closed && std::rename(draft.c_str(), path.c_str()) == 0) {
        return true;
    }
    ::unlink(draft.c_str());
    return false;
}

uint32_t load(void* context, jsep_bytes key, const jsep_sink* entry) {
    return guarded([&] { return load_file(path_of(*static_cast<const std::string*>(context), view(key)), *entry); });
}

uint32_t store(void* context, jsep_bytes key, jsep_bytes entry) {
    return guarded(
        [&] { return store_file(path_of(*static_cast<const std::string*>(context), view(key)), view(entry)); });
}

}  // namespace

CacheFiles::CacheFiles(const std::string& directory, const std::string& secret_file) : directory_(directory) {
    if (!secret_file.empty()) {
        secret_ = read_file(secret_file);
        if (secret_.empty()) {
            throw StartError("the secret " + secret_file + " is empty");
        }
    }
    // Only the owner may write what the library will run.
    if (::mkdir(directory.c_str(), S_IRWXU) != 0 && !std::filesystem::is_directory(directory)) {
        throw StartError("can't make the directory " + directory);
    }
}

jsep_cache CacheFiles::table() const {
    return jsep_cache{sizeof(jsep_cache), const_cast<std::string*>(&directory_), load, store, lend(secret_)};
}
