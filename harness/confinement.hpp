// Confines the threads that execute requests to the few system calls that they need. docs/system_calls.md lists them.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include "thread_pool.hpp"

class Confinement {
public:
    // With `machine_code`, threads may make memory executable. `log` is the descriptor that they may write to besides
    // standard error, or -1. Throws StartError when the system does not confine threads.
    Confinement(bool machine_code, int log);

    // Confines the calling thread until it ends. Any other system call ends the program, which says on standard error
    // which one it was. Throws StartError.
    void enter() const;

private:
    void prepare_allocator() const;

    std::unique_ptr<void, void (*)(void*)> filter_;
    mutable std::mutex mutex_;  // Loading a filter changes it.
};

// Threads that are confined before their first task.
class ConfinedThreads {
public:
    // All outlive the threads. Throws StartError.
    ConfinedThreads(size_t threads, bool machine_code, int log)
        : confinement_(machine_code, log), pool_(threads, [this] { confinement_.enter(); }) {}

    // Runs `work` on one of the threads and gives what it gives, or throws what it throws.
    template <typename Work>
    auto run(const Work& work) {
        // Shared, because the thread may still be about to leave the task when its result is taken.
        const auto task = std::make_shared<std::packaged_task<decltype(work())()>>(work);
        pool_.run([task] { (*task)(); });
        return task->get_future().get();
    }

private:
    Confinement confinement_;
    ThreadPool pool_;
};
