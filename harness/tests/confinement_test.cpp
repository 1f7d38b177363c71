// Which system calls a confined thread may make, and what happens to the others.
#include "confinement.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "check.hpp"

namespace {

constexpr size_t PAGE = 4096;
constexpr bool MACHINE_CODE = true;

struct End {
    int status;
    std::string said;
};

// What becomes of a process in which a confined thread does the deed; `before` comes before any thread is confined.
End end_of(
    const std::function<void()>& deed, bool machine_code, const std::function<void()>& before = [] {}) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) {
        return {-1, "no pipe"};
    }
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        before();
        const Confinement confinement(machine_code, -1);
        std::thread([&] {
            confinement.enter();
            deed();
        }).join();
        _exit(0);
    }
    close(ends[1]);
    End end{};
    std::array<char, 256> buffer{};
    for (ssize_t count = 1; count > 0;) {
        count = read(ends[0], buffer.data(), buffer.size());
        end.said.append(buffer.data(), count > 0 ? static_cast<size_t>(count) : 0);
    }
    close(ends[0]);
    waitpid(child, &end.status, 0);
    return end;
}

void refuses(const std::string& call, const std::function<void()>& deed, bool machine_code = false) {
    const End end = end_of(deed, machine_code);
    const bool named = end.said == "jsep-host: a confined thread must not make the system call " + call + "\n";
    std::printf("%s: status %d, %s", call.c_str(), end.status, end.said.c_str());
    CHECK(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSYS && named);
}

// For calls that the C library makes with all signals blocked, which leaves the program no word.
void refuses_silently(const char* what, const std::function<void()>& deed) {
    const End end = end_of(deed, false);
    std::printf("%s: status %d\n", what, end.status);
    CHECK(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSYS && end.said.empty());
}

void allows(
    const char* what, const std::function<void()>& deed, bool machine_code = false,
    const std::function<void()>& before = [] {}) {
    const End end = end_of(deed, machine_code, before);
    std::printf("%s: status %d, %s\n", what, end.status, end.said.c_str());
    CHECK(end.status == 0 && end.said.empty());
}

void map(int protection, int flags, int file) {
    void* page = mmap(nullptr, PAGE, protection, flags | MAP_PRIVATE, file, 0);
    if (page != MAP_FAILED) {
        munmap(page, PAGE);
    }
}

void protect(int protection) {
    void* page = mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page, PAGE, protection);
    munmap(page, PAGE);
}

// In pieces that come from a heap of the allocator.
void take_and_give_back(size_t bytes) {
    constexpr size_t PIECE_BYTES = 100 << 10;
    std::vector<void*> pieces(bytes / PIECE_BYTES);
    for (void*& piece : pieces) {
        piece = std::malloc(PIECE_BYTES);
    }
    for (void* piece : pieces) {
        std::free(piece);
    }
}

// As an install does. From then on the allocator gives back no less than twice as much.
void give_large_value_back() {
    constexpr size_t LARGE = 30 << 20;
    // A compiler may leave out what it sees is freed unused.
    void* volatile value = std::malloc(LARGE);
    std::free(value);
}

}  // namespace

int main() {
    refuses("openat", [] { open("/dev/null", O_RDONLY); });
    refuses("socket", [] { socket(AF_INET, SOCK_STREAM, 0); });
    refuses("write", [] { [[maybe_unused]] const ssize_t count = write(STDOUT_FILENO, "x", 1); });
    refuses("execve", [] { execl("/bin/true", "true", nullptr); });
    refuses_silently("a new thread", [] { std::thread([] {}).join(); });
    refuses("kill", [] { kill(getpid(), SIGTERM); });
    refuses("mmap", [] { map(PROT_READ | PROT_EXEC, MAP_ANONYMOUS, -1); });
    refuses("mmap", [] { map(PROT_READ, 0, STDIN_FILENO); });
    refuses("mprotect", [] { protect(PROT_READ | PROT_EXEC); });
    // With machine code memory may be executable, but still comes from no file.
    refuses(
        "mmap", [] { map(PROT_READ | PROT_EXEC, 0, STDIN_FILENO); }, MACHINE_CODE);
    refuses(
        "openat", [] { open("/dev/null", O_RDONLY); }, MACHINE_CODE);

    allows("memory", [] { map(PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1); });
    allows("protection", [] { protect(PROT_READ); });
    allows(
        "executable memory for machine code", [] { protect(PROT_READ | PROT_EXEC); }, MACHINE_CODE);
    allows("giving memory back", [] { take_and_give_back(6 << 20); });
    allows(
        "giving memory back after a large value", [] { take_and_give_back(80 << 20); }, !MACHINE_CODE,
        give_large_value_back);
    return 0;
}
