// Keeps what should be given back, so that one sees that the soak notices.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "commands.hpp"
#include "library.hpp"

class SoakLeaks {
public:
    ~SoakLeaks();

    // Loses some more of it. `registry` is one that is in use.
    void lose(Leak leak, const std::shared_ptr<Registry>& registry);

private:
    std::atomic<bool> ended_{false};
    std::vector<Endpoint> endpoints_;
    std::vector<std::shared_ptr<Registry>> registries_;
    std::vector<std::vector<char>> memory_;
    std::vector<std::thread> threads_;
};
