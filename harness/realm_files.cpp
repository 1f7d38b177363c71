#include "realm_files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "file.hpp"
#include "start_error.hpp"

namespace {

constexpr mode_t OWNER_ONLY = 0600;
constexpr size_t PART = 1 << 20;
// Held by the program that makes checkpoints. Objects have no such name.
constexpr const char* CHECKPOINT_LOCK = "checkpoint.lock";

int directory_of(void* context) {
    return static_cast<const Descriptor*>(context)->get();
}

// Says why on standard error, where operators look; the library only learns that it failed.
uint32_t failed(const char* what, std::string_view name) {
    std::cerr << "jsep-host: can't " << what << " " << name << ": " << std::strerror(errno) << std::endl;
    return JSEP_STORAGE_FAILED;
}

// Called from within the library, where an exception must not pass.
template <typename Work>
uint32_t guarded(const char* what, jsep_bytes name, const Work& work) noexcept {
    try {
        return work(std::string(view(name)));
    } catch (const std::exception&) {
        errno = ENOMEM;
        return failed(what, view(name));
    }
}

uint32_t read_part(int file, uint64_t offset, uint64_t most, const jsep_sink& bytes) {
    std::vector<uint8_t> part(static_cast<size_t>(most < PART ? most : PART));
    while (most > 0) {
        const ssize_t got =
            ::pread(file, part.data(), most < part.size() ? most : part.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return JSEP_STORAGE_FAILED;
        }
        if (got == 0) {
            break;
        }
        bytes.write(bytes.context, part.data(), static_cast<size_t>(got));
        offset += static_cast<uint64_t>(got);
        most -= static_cast<uint64_t>(got);
    }
    return JSEP_OK;
}

uint32_t read(void* context, jsep_bytes name, uint64_t offset, uint64_t most, const jsep_sink* bytes) {
    return guarded("read", name, [&](const std::string& path) -> uint32_t {
        const Descriptor file(::openat(directory_of(context), path.c_str(), O_RDONLY | O_CLOEXEC));
        if (file.get() < 0) {
            return errno == ENOENT ? static_cast<uint32_t>(JSEP_NOT_FOUND) : failed("open", path);
        }
        const uint32_t status = read_part(file.get(), offset, most, *bytes);
        return status == JSEP_OK ? status : failed("read", path);
    });
}

uint32_t append(void* context, jsep_bytes name, jsep_bytes bytes) {
    return guarded("append to", name, [&](const std::string& path) -> uint32_t {
        const Descriptor file(::openat(directory_of(context), path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
        return file.get() >= 0 && write_all(file.get(), view(bytes)) ? static_cast<uint32_t>(JSEP_OK)
                                                                     : failed("append to", path);
    });
}

uint32_t sync(void* context, jsep_bytes name) {
    return guarded("sync", name, [&](const std::string& path) -> uint32_t {
        const Descriptor file(::openat(directory_of(context), path.c_str(), O_WRONLY | O_CLOEXEC));
        return file.get() >= 0 && ::fdatasync(file.get()) == 0 ? static_cast<uint32_t>(JSEP_OK) : failed("sync", path);
    });
}

// A reader sees the former file or the new one, never a part, whenever the power goes.
uint32_t replace(void* context, jsep_bytes name, jsep_bytes bytes) {
    return guarded("replace", name, [&](const std::string& path) -> uint32_t {
        const int directory = directory_of(context);
        const std::string draft = path + ".new";
        const Descriptor file(::openat(directory, draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, OWNER_ONLY));
        const bool done = file.get() >= 0 && write_all(file.get(), view(bytes)) && ::fsync(file.get()) == 0 &&
                          ::renameat(directory, draft.c_str(), directory, path.c_str()) == 0 && ::fsync(directory) == 0;
        return done ? static_cast<uint32_t>(JSEP_OK) : failed("replace", path);
    });
}

// A new directory outlives a loss of power when the one that it is in is on the disk.
bool sync_parent(const std::string& directory) {
    const std::string parent = std::filesystem::absolute(directory).parent_path();
    const Descriptor opened(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened.get() >= 0 && ::fsync(opened.get()) == 0;
}

}  // namespace

RealmFiles::RealmFiles(Descriptor directory, Descriptor lock)
    : directory_(std::move(directory)), lock_(std::move(lock)) {}

RealmFiles RealmFiles::for_checkpoints(const std::string& directory) {
    Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() < 0) {
        throw StartError("can't open the directory " + directory + ": " + std::strerror(errno));
    }
    Descriptor lock(::openat(opened.get(), CHECKPOINT_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, OWNER_ONLY));
    if (lock.get() < 0) {
        throw StartError("can't make a file in " + directory + ": " + std::strerror(errno));
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        throw StartError("another program makes checkpoints in " + directory);
    }
    return {std::move(opened), std::move(lock)};
}

RealmFiles::RealmFiles(const std::string& directory) {
    const bool is_new = ::mkdir(directory.c_str(), S_IRWXU) == 0;
    if ((!is_new && errno != EEXIST) || (is_new && !sync_parent(directory))) {
        throw StartError("can't make the directory " + directory + ": " + std::strerror(errno));
    }
    directory_ = Descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory_.get() < 0) {
        throw StartError("can't open the directory " + directory + ": " + std::strerror(errno));
    }
    if (::flock(directory_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw StartError("another program uses the realms in " + directory);
    }
}

jsep_storage RealmFiles::table() const {
    return jsep_storage{sizeof(jsep_storage), const_cast<Descriptor*>(&directory_), read, append, sync, replace};
}
