// Processes that apps start and that nobody waits for.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// A process could not be started; the text says why.
class SubprocessError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Subprocesses {
public:
    // From now on every child of this program vanishes when it ends, and can't be waited for.
    Subprocesses();

    // Starts the program that the first argument names, looked for as shells do, without a shell. The child has this
    // program's environment and none of its files: it reads `input`, or nothing, and what it writes is dropped. Throws
    // SubprocessError.
    void start(const std::vector<std::string>& arguments, std::optional<std::string_view> input) const;
};
