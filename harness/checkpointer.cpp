#include "checkpointer.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// So often it is looked at most.
constexpr auto EACH = std::chrono::milliseconds(50);
// After a checkpoint that could not be made.
constexpr auto FIRST_PAUSE = std::chrono::seconds(1);
constexpr auto LONGEST_PAUSE = std::chrono::minutes(10);

constexpr const char* THIS_PROGRAM = "/proc/self/exe";
constexpr double NANOSECONDS = 1e9;

// What is told of a process, or nothing while it runs. One whose end somebody else has taken note of is told to have
// ended well.
bool has_ended(pid_t process, int flags, std::string& failure) {
    int status = 0;
    pid_t found = 0;
    do {
        found = ::waitpid(process, &status, flags);
    } while (found < 0 && errno == EINTR);
    if (found == 0) {
        return false;
    }
    if (found > 0 && WIFSIGNALED(status)) {
        failure = std::string("its process was ended: ") + ::strsignal(WTERMSIG(status));
    } else if (found > 0 && WEXITSTATUS(status) != 0) {
        failure = "its process exited with " + std::to_string(WEXITSTATUS(status));
    }
    return true;
}

}  // namespace

Checkpointer::Checkpointer(std::string plugin, std::string data, Options options, CheckpointBounds bounds)
    : plugin_(std::move(plugin)),
      data_(std::move(data)),
      options_(std::move(options)),
      bounds_(bounds),
      // The last ones may have been made when a program ended, or beside none.
      trims_(bounds.bytes > 0 || bounds.seconds > 0),
      next_look_(Clock::now()),
      pause_(FIRST_PAUSE) {}

Checkpointer::~Checkpointer() {
    std::string failure;
    if (process_ != 0) {
        has_ended(process_, 0, failure);
    }
}

void Checkpointer::look(const RealmLog& log, const DurableRealm& realm) {
    const auto now = Clock::now();
    if (now < next_look_) {
        return;
    }
    next_look_ = now + EACH;
    std::string failure;
    if (process_ != 0) {
        if (!has_ended(process_, WNOHANG, failure)) {
            return;
        }
        process_ = 0;
        trims_ = true;
    }
    if (std::exchange(trims_, false)) {
        log.trim();
    }
    if (!failure.empty()) {
        std::cerr << "jsep-host: no checkpoint was made, all turns stay in the log: " << failure << std::endl;
        next_look_ = now + pause_;
        pause_ = std::min<Clock::duration>(pause_ * 2, LONGEST_PAUSE);
        return;
    }
    const auto report = nlohmann::json::parse(realm.report());
    const bool too_long = bounds_.bytes > 0 && report["replay_bytes"].get<uint64_t>() > bounds_.bytes;
    const bool too_slow = bounds_.seconds > 0 && report["replay_ns"].get<double>() > bounds_.seconds * NANOSECONDS;
    if (too_long || too_slow) {
        start(report["name"].get<std::string>());
    } else {
        pause_ = FIRST_PAUSE;
    }
}

void Checkpointer::start(const std::string& realm) {
    std::vector<std::string> words{THIS_PROGRAM, "realm", "checkpoint", "--plugin", plugin_,
                                   "--data",     data_,   "--name",     realm};
    for (const auto& [name, value] : options_) {
        words.insert(words.end(), {"--option", name + "=" + value});
    }
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    pid_t process = 0;
    const int error = ::posix_spawn(&process, THIS_PROGRAM, &files, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) {
        std::cerr << "jsep-host: can't start the process that makes checkpoints: " << std::strerror(error) << std::endl;
        next_look_ = Clock::now() + pause_;
        return;
    }
    process_ = process;
}
