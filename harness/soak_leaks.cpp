#include "soak_leaks.hpp"

#include <chrono>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr size_t LOST_BYTES = 8 << 20;
constexpr size_t LOST_MAPPINGS = 32;
constexpr std::chrono::milliseconds THREAD_LOOKS_EVERY{100};

// Neighbours with different rights, because the system makes one mapping of equal ones.
void lose_mappings() {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* pages = mmap(nullptr, LOST_MAPPINGS * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        return;
    }
    for (size_t index = 0; index < LOST_MAPPINGS; index += 2) {
        mprotect(static_cast<char*>(pages) + index * page, page, PROT_READ);
    }
}

}  // namespace

SoakLeaks::~SoakLeaks() {
    ended_ = true;
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void SoakLeaks::lose(Leak leak, const std::shared_ptr<Registry>& registry) {
    switch (leak) {
        case Leak::DESCRIPTORS:
            (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
            break;
        case Leak::ENDPOINTS:
            endpoints_.push_back(registry->find("GET", "/walk"));
            break;
        case Leak::ISOLATES:
            registries_.push_back(registry);
            break;
        case Leak::MAPPINGS:
            lose_mappings();
            break;
        case Leak::MEMORY:
            memory_.emplace_back(LOST_BYTES, 'x');
            break;
        case Leak::THREADS:
            threads_.emplace_back([this] {
                while (!ended_) {
                    std::this_thread::sleep_for(THREAD_LOOKS_EVERY);
                }
            });
            break;
    }
}
