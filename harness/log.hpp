// The program's log: one line per event, whole lines even from several threads.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "jsep.h"

class Log {
public:
    // Writes to standard error.
    static Log to_standard_error();
    // Appends to a file. Throws StartError.
    static Log to_file(const std::string& path);
    // Drops everything.
    static Log to_nowhere();

    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // What it writes to, or -1.
    int descriptor() const { return descriptor_; }
    // Never throws: it is called from within the library, where an exception must not pass.
    void write(jsep_log_level level, std::string_view text) noexcept;

private:
    Log(int descriptor, bool owned) : descriptor_(descriptor), owned_(owned) {}

    int descriptor_;
    bool owned_;
    std::mutex mutex_;
};
