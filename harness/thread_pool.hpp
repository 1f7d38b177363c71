// Threads that run tasks in the order in which they come.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

class ThreadPool {
public:
    // All threads exist when the constructor returns. Each runs `begin` before its first task; it must not throw.
    explicit ThreadPool(
        size_t threads, std::function<void()> begin = [] {});
    // Runs the tasks that are still waiting, then ends the threads.
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    // A task must not throw.
    void run(std::function<void()> task);
    // As the destructor; no task may come afterwards.
    void finish();

private:
    void work();

    const std::function<void()> begin_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    bool finishing_ = false;
    std::vector<std::thread> threads_;
};
