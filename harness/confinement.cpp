#include "confinement.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <linux/prctl.h>
#include <malloc.h>
#include <seccomp.h>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "start_error.hpp"

namespace {

// What the libraries need to execute a request, besides what follows with conditions.
constexpr int LIBRARY_CALLS[] = {
    SCMP_SYS(brk),           SCMP_SYS(munmap),          SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(futex),           SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime), SCMP_SYS(getpid),          SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),   SCMP_SYS(clock_nanosleep), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sysinfo),       SCMP_SYS(sched_getparam),  SCMP_SYS(sched_getscheduler),
};

// What this program needs to end a thread, besides writing its log.
constexpr int HOST_CALLS[] = {SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit)};

constexpr size_t NAMED_CALLS = 512;

// Names by number, made before they are needed: a signal handler must not allocate.
using Names = std::array<const char*, NAMED_CALLS>;

const Names& names() {
    static const Names names = [] {
        Names made{};
        for (size_t number = 0; number < made.size(); ++number) {
            made[number] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number));
        }
        return made;
    }();
    return names;
}

void say(const char* text) {
    // There is no other place to say that this failed.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

// Says which call it was, and makes it again: blocked as the signal is meanwhile, the system ends the program with it.
void refuse(int /*signal*/, siginfo_t* information, void* /*context*/) {
    const auto number = static_cast<size_t>(information->si_syscall);
    const char* name = number < NAMED_CALLS ? names()[number] : nullptr;
    say("jsep-host: a confined thread must not make the system call ");
    say(name == nullptr ? "without a name" : name);
    say("\n");
    syscall(information->si_syscall);
    _exit(128 + SIGSYS);
}

void require(int result) {
    if (result < 0) {
        throw StartError(std::string("can't confine threads: ") + std::strerror(-result));
    }
}

}  // namespace

Confinement::Confinement(bool machine_code, int log) : filter_(seccomp_init(SCMP_ACT_TRAP), seccomp_release) {
    if (filter_ == nullptr) {
        throw StartError("can't confine threads: libseccomp makes no filter");
    }
    const auto allow = [this](int call, const std::vector<scmp_arg_cmp>& conditions) {
        require(seccomp_rule_add_array(filter_.get(), SCMP_ACT_ALLOW, call, static_cast<unsigned>(conditions.size()),
                                       conditions.data()));
    };
    for (const int call : LIBRARY_CALLS) {
        allow(call, {});
    }
    for (const int call : HOST_CALLS) {
        allow(call, {});
    }
    for (const int descriptor : {STDERR_FILENO, log}) {
        if (descriptor >= 0) {
            allow(SCMP_SYS(write), {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(descriptor))});
        }
    }
    allow(SCMP_SYS(prctl), {SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA)});
    // Memory, but no files in it; and executable only for machine code.
    std::vector<scmp_arg_cmp> protection;
    if (!machine_code) {
        protection.push_back(SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    allow(SCMP_SYS(mprotect), protection);
    protection.push_back(SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    allow(SCMP_SYS(mmap), protection);

    names();
    struct sigaction action {};
    action.sa_sigaction = refuse;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, nullptr);
    prepare_allocator();
    // A thread of trial: a system that confines no threads shows now.
    std::async(std::launch::async, [this] { enter(); }).get();
}

void Confinement::enter() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    require(seccomp_load(filter_.get()));
}

// The C library's allocator reads files of the system: the first time that a thread gives memory back, and to limit its
// arenas when many threads have one, to this number. How much must be free before it is given back grows with the
// values that were freed before, up to all that a heap of the allocator holds; so the thread of this function fills
// more than one.
void Confinement::prepare_allocator() const {
    constexpr int ARENAS_OF_PROCESSOR = 8;
    mallopt(M_ARENA_MAX, ARENAS_OF_PROCESSOR * static_cast<int>(std::thread::hardware_concurrency()));
    std::thread([] {
        constexpr size_t HEAP_BYTES = 64 << 20;
        constexpr size_t PIECE_BYTES = 100 << 10;
        std::vector<void*> pieces(HEAP_BYTES / PIECE_BYTES + 1);
        for (void*& piece : pieces) {
            piece = std::malloc(PIECE_BYTES);
        }
        for (void* piece : pieces) {
            std::free(piece);
        }
    }).join();
}
