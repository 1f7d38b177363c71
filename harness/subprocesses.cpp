#include "subprocesses.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

#include "descriptor.hpp"

namespace {

constexpr int FIRST_FREE = STDERR_FILENO + 1;
constexpr const char* NOWHERE = "/dev/null";

void require(int error) {
    if (error != 0) {
        throw SubprocessError(std::strerror(error));
    }
}

// A file in memory that holds `text` and is read from its start.
Descriptor file_with(std::string_view text) {
    Descriptor file(memfd_create("input", MFD_CLOEXEC));
    require(file.get() < 0 ? errno : 0);
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t written = write(file.get(), rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<size_t>(written));
        } else if (errno != EINTR) {
            require(errno);
        }
    }
    require(lseek(file.get(), 0, SEEK_SET) < 0 ? errno : 0);
    return file;
}

// What happens to the files of the child before its program begins.
class FileActions {
public:
    // A negative `input` means none.
    explicit FileActions(int input) {
        require(posix_spawn_file_actions_init(&actions_));
        const int first = input < 0 ? posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, NOWHERE, O_RDONLY, 0)
                                    : posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        for (const int error : {first, posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, NOWHERE, O_WRONLY, 0),
                                posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, NOWHERE, O_WRONLY, 0),
                                posix_spawn_file_actions_addclosefrom_np(&actions_, FIRST_FREE)}) {
            if (error != 0) {
                posix_spawn_file_actions_destroy(&actions_);
                require(error);
            }
        }
    }
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;

    const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

// The child gets signals as any program does, whatever this one ignores or keeps waiting.
class OrdinarySignals {
public:
    OrdinarySignals() {
        require(posix_spawnattr_init(&attributes_));
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~OrdinarySignals() { posix_spawnattr_destroy(&attributes_); }
    OrdinarySignals(const OrdinarySignals&) = delete;
    OrdinarySignals& operator=(const OrdinarySignals&) = delete;

    const posix_spawnattr_t* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

}  // namespace

Subprocesses::Subprocesses() {
    struct sigaction ended {};
    ended.sa_handler = SIG_DFL;
    ended.sa_flags = SA_NOCLDWAIT;
    sigaction(SIGCHLD, &ended, nullptr);
}

void Subprocesses::start(const std::vector<std::string>& arguments, std::optional<std::string_view> input) const {
    if (arguments.empty()) {
        throw SubprocessError("it has no name");
    }
    std::vector<char*> words;
    for (const std::string& argument : arguments) {
        if (argument.find('\0') != std::string::npos) {
            throw SubprocessError("an argument has a NUL character");
        }
        // The interface of POSIX takes pointers to what it does not change.
        words.push_back(const_cast<char*>(argument.c_str()));
    }
    words.push_back(nullptr);
    const Descriptor file = input ? file_with(*input) : Descriptor();
    const FileActions actions(file.get());
    const OrdinarySignals signals;
    pid_t process = 0;
    require(posix_spawnp(&process, words.front(), actions.get(), signals.get(), words.data(), environ));
}
