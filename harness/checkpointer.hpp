// Has checkpoints of a durable realm made when a restore of it would take too much.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <sys/types.h>

#include "library.hpp"
#include "realm.hpp"

// What a restore may cost before a checkpoint is made; 0 for either means that there is none.
struct CheckpointBounds {
    uint64_t bytes = 16 << 20;  // Bytes of the log that it would read.
    double seconds = 1;         // What the turns took that it would run again.
};

// The checkpoints are made by another process of this program, which V8 may end; then it is tried again later, after
// twice the time. Used by one thread at a time.
class Checkpointer {
public:
    Checkpointer(std::string plugin, std::string data, Options options, CheckpointBounds bounds);
    // Waits for a checkpoint that is being made.
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    // To be called after turns: looks, not too often, whether one is to be made or has been made. Says on standard
    // error when one could not be made. Throws LibraryError.
    void look(const RealmLog& log, const DurableRealm& realm);

private:
    void start(const std::string& realm);

    std::string plugin_;
    std::string data_;
    Options options_;
    CheckpointBounds bounds_;
    pid_t process_ = 0;  // 0 when none is being made.
    bool trims_;         // The next look gives up what checkpoints hold by now.
    std::chrono::steady_clock::time_point next_look_;
    std::chrono::steady_clock::duration pause_;
};
