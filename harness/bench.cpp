// Measures libraries side by side, each in a process of its own, and prints the comparison.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.hpp"
#include "measure.hpp"
#include "start_error.hpp"

using nlohmann::ordered_json;

namespace {

// What the child sends: {"results": [...]} or {"error": "..."}.
std::string measure_to_text(const BenchLibrary& library, const BenchArguments& arguments) {
    ordered_json message;
    try {
        message["results"] = measure(library, arguments);
    } catch (const std::exception& error) {
        message["error"] = error.what();
    }
    return message.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void write_all(int descriptor, const std::string& text) {
    size_t written = 0;
    while (written < text.size()) {
        const ssize_t count = write(descriptor, text.data() + written, text.size() - written);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return;  // The parent is gone.
        }
        written += static_cast<size_t>(count);
    }
}

std::string read_all(int descriptor) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t count = read(descriptor, buffer, sizeof(buffer));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return text;
        }
        text.append(buffer, static_cast<size_t>(count));
    }
}

std::string end_of(int status) {
    return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")"
                               : "exit code " + std::to_string(WEXITSTATUS(status));
}

// Memory and start-up are a library's own only in a process that has loaded no other, so this process loads none.
ordered_json measure_in_child(const BenchLibrary& library, const BenchArguments& arguments) {
    int ends[2];
    if (pipe(ends) != 0) {
        throw StartError(std::string("can't make a pipe: ") + std::strerror(errno));
    }
    std::cout.flush();
    const pid_t child = fork();
    if (child < 0) {
        throw StartError(std::string("can't fork: ") + std::strerror(errno));
    }
    if (child == 0) {
        close(ends[0]);
        write_all(ends[1], measure_to_text(library, arguments));
        close(ends[1]);
        // The handles are freed; what the library does at the end of a process is none of this measurement.
        _exit(0);
    }
    close(ends[1]);
    const std::string text = read_all(ends[0]);
    close(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) {
        throw StartError("the measurement of " + library.path + " ended with " + end_of(status));
    }
    const ordered_json message = ordered_json::parse(text);
    if (message.contains("error")) {
        throw StartError(message["error"].get<std::string>());
    }
    return message["results"];
}

std::string name_of(const BenchLibrary& library) {
    std::string name = library.path.substr(library.path.rfind('/') + 1);
    for (const auto& [option, value] : library.options) {
        name += " " + option + "=" + value;
    }
    return name;
}

struct Column {
    const char* title;
    const char* member;
    const char* format;
};

constexpr Column COLUMNS[] = {
    {"requests/s", "requests_per_second", "%12.0f"},
    {"p50 us", "p50_us", "%12.1f"},
    {"p99 us", "p99_us", "%12.1f"},
    {"p99.9 us", "p999_us", "%12.1f"},
    {"cpu us", "cpu_us_per_request", "%12.1f"},
    {"realm ns", "realm_ns_mean", "%12.0f"},
    {"call ns", "call_ns_mean", "%12.0f"},
    {"RSS MiB", "rss_mib", "%12.1f"},
    {"start ms", "startup_ms", "%12.1f"},
    {"install ms", "install_ms", "%12.1f"},
    {"errors", "errors", "%12.0f"},
    {"unsent", "unsent", "%12.0f"},
};

constexpr Column RATIOS[] = {
    {"requests/s", "requests_per_second", "%11.2fx"},
    {"p50", "p50_us", "%11.2fx"},
    {"p99", "p99_us", "%11.2fx"},
    {"p99.9", "p999_us", "%11.2fx"},
    {"cpu", "cpu_us_per_request", "%11.2fx"},
    {"RSS", "rss_mib", "%11.2fx"},
};

void print_titles(const Column* columns, size_t count, const std::string& left, int width) {
    std::printf("%-*s", width, left.c_str());
    for (size_t index = 0; index < count; ++index) {
        std::printf("%12s", columns[index].title);
    }
    std::printf("\n");
}

// How the requests were sent.
std::string how(const BenchArguments& arguments) {
    std::ostringstream text;
    text << arguments.threads << (arguments.threads == 1 ? " thread, " : " threads, ") << arguments.seconds << " s";
    if (arguments.count > 0) {
        text << " or " << arguments.count << " requests";
    }
    if (arguments.rate > 0) {
        text << ", " << arguments.rate << " requests/s planned";
    }
    return text.str();
}

void print_tables(const std::vector<BenchLibrary>& libraries, const std::vector<ordered_json>& results,
                  const BenchArguments& arguments) {
    size_t longest = 0;
    for (const BenchLibrary& library : libraries) {
        longest = std::max(longest, name_of(library).size());
    }
    const int width = static_cast<int>(longest) + 2;
    for (size_t request = 0; request < arguments.requests.size() * arguments.repeat; ++request) {
        std::printf("%s  (%s)\n", arguments.requests[request / arguments.repeat].c_str(), how(arguments).c_str());
        print_titles(COLUMNS, std::size(COLUMNS), "", width);
        for (size_t index = 0; index < libraries.size(); ++index) {
            std::printf("%-*s", width, name_of(libraries[index]).c_str());
            for (const Column& column : COLUMNS) {
                std::printf(column.format, results[index][request][column.member].get<double>());
            }
            std::printf("\n");
        }
        if (libraries.size() > 1) {
            print_titles(RATIOS, std::size(RATIOS), "ratio to the last", width);
            for (size_t index = 0; index + 1 < libraries.size(); ++index) {
                std::printf("%-*s", width, name_of(libraries[index]).c_str());
                for (const Column& column : RATIOS) {
                    const double last = results.back()[request][column.member].get<double>();
                    const double value = results[index][request][column.member].get<double>();
                    std::printf(column.format, last == 0 ? 0 : value / last);
                }
                std::printf("\n");
            }
        }
        std::printf("\n");
    }
}

}  // namespace

int bench(const BenchArguments& arguments) {
    std::vector<ordered_json> results;
    ordered_json all = ordered_json::array();
    for (const BenchLibrary& library : arguments.libraries) {
        results.push_back(measure_in_child(library, arguments));
        all.insert(all.end(), results.back().begin(), results.back().end());
    }
    if (arguments.json) {
        std::cout << ordered_json{{"results", all}}.dump(2) << std::endl;
    } else {
        print_tables(arguments.libraries, results, arguments);
    }
    return 0;
}
