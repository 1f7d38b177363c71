#include "process_figures.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include "start_error.hpp"

namespace {

namespace fs = std::filesystem;

uint64_t resident() {
    std::ifstream file("/proc/self/statm");
    uint64_t all_pages = 0;
    uint64_t resident_pages = 0;
    if (!(file >> all_pages >> resident_pages)) {
        throw StartError("can't read /proc/self/statm");
    }
    return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t entries(const char* directory) {
    std::error_code error;
    uint64_t count = 0;
    for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
        ++count;
    }
    if (error) {
        throw StartError(std::string("can't read ") + directory + ": " + error.message());
    }
    return count;
}

uint64_t lines(const char* path) {
    std::ifstream file(path);
    uint64_t count = 0;
    for (std::string line; std::getline(file, line);) {
        ++count;
    }
    if (count == 0) {
        throw StartError(std::string("can't read ") + path);
    }
    return count;
}

}  // namespace

ProcessFigures ProcessFigures::read() {
    return ProcessFigures{resident(), entries("/proc/self/task"), entries("/proc/self/fd"), lines("/proc/self/maps")};
}
