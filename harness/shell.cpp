// A prompt in a durable realm: each line is a turn.

#include <cinttypes>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <unistd.h>

#if JSEP_HAS_EDITLINE
#include <editline/readline.h>
#endif

#include "bytes.hpp"
#include "checkpointer.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "realm.hpp"
#include "realm_files.hpp"
#include "start_error.hpp"

namespace {

constexpr const char* PROMPT = "> ";
constexpr const char* NAME = "shell";

// Lines from a person with a history, or from a program without any prompt.
class Lines {
public:
    bool next(std::string& line) {
        if (!is_terminal_) {
            return static_cast<bool>(std::getline(std::cin, line));
        }
#if JSEP_HAS_EDITLINE
        const std::unique_ptr<char, void (*)(void*)> text(readline(PROMPT), std::free);
        if (text == nullptr) {
            return false;
        }
        line = text.get();
        if (!line.empty()) {
            add_history(line.c_str());
        }
        return true;
#else
        std::cout << PROMPT << std::flush;
        return static_cast<bool>(std::getline(std::cin, line));
#endif
    }

private:
    const bool is_terminal_ = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
};

void print_console(void* /*context*/, jsep_log_level level, jsep_bytes text) {
    (level == JSEP_LOG_INFO ? std::cout : std::cerr) << view(text) << std::endl;
}

// A store without anything in it, and `console` on the terminal.
jsep_host shell_host() {
    jsep_host host{};
    host.size = sizeof(host);
    host.log = print_console;
    return host;
}

void print_beginning(const DurableRealm& realm) {
    constexpr uint64_t NANOSECONDS = 1'000'000;
    const auto report = nlohmann::json::parse(realm.report());
    if (!report["restored"].get<bool>()) {
        std::cout << "Initialized realm" << std::endl;
        return;
    }
    std::cout << "Restored realm (" << report["turns"].get<uint64_t>() << " turns, "
              << report["opened_in_ns"].get<uint64_t>() / NANOSECONDS << " ms)" << std::endl;
}

// What a realm can't go on after.
bool is_final(jsep_status status) {
    return status == JSEP_STORAGE_FAILED || status == JSEP_REALM_STOPPED || status == JSEP_REPLAY_DIVERGED ||
           status == JSEP_LOG_DAMAGED;
}

}  // namespace

int shell(const ShellArguments& arguments) {
    Log log = Log::to_standard_error();
    const Plugin plugin(arguments.plugin);
    const RealmFiles files(arguments.data);
    const jsep_storage storage = files.table();
    const jsep_host host = shell_host();
    const std::string source = arguments.script.empty() ? std::string() : read_file(arguments.script);
    try {
        const Engine engine(plugin, arguments.options, log);
        const RealmLog realm_log(plugin, storage);
        const DurableRealm realm(plugin, engine, realm_log, NAME, source, {{"on_throw", arguments.on_throw}}, &host);
        print_beginning(realm);
        Checkpointer checkpointer(arguments.plugin, arguments.data, arguments.options, arguments.checkpoints);
        Lines lines;
        std::string line;
        while (lines.next(line)) {
            // With ids, a line is an id, a tab and the script.
            const size_t tab = arguments.ids ? line.find('\t') : std::string::npos;
            const std::string id = tab == std::string::npos ? std::string() : line.substr(0, tab);
            const std::string script = tab == std::string::npos ? line : line.substr(tab + 1);
            if (script.empty()) {
                continue;
            }
            try {
                std::cout << realm.eval(id, script, &host) << std::endl;
            } catch (const LibraryError& error) {
                if (is_final(error.status())) {
                    throw;
                }
                std::cout << error.message() << std::endl;
            }
            checkpointer.look(realm_log, realm);
        }
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(arguments.data + ": " + error.message());
    }
}
