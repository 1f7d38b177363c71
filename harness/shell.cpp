// A prompt in a durable realm: each line is a turn.

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <unistd.h>

#if JSEP_HAS_EDITLINE
#include <editline/readline.h>
#endif

#include "attendant.hpp"
#include "bytes.hpp"
#include "checkpointer.hpp"
#include "commands.hpp"
#include "file.hpp"
#include "realm.hpp"
#include "realm_files.hpp"
#include "start_error.hpp"

namespace {

constexpr const char* PROMPT = "> ";
constexpr const char* UPGRADE = ".upgrade ";

// What looks after the realm while editline waits for a key; editline knows no context.
Attendant* waiting_attendant = nullptr;

// Lines from a person with a history, or from a program without any prompt. The realm is looked after while nobody
// writes.
class Lines {
public:
    explicit Lines(Attendant& attendant) : attendant_(attendant) {}

    bool next(std::string& line) {
        if (!is_terminal_) {
            return read_line(line);
        }
#if JSEP_HAS_EDITLINE
        waiting_attendant = &attendant_;
        rl_event_hook = [] {
            waiting_attendant->wait_for(STDIN_FILENO);
            return 0;
        };
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
        return read_line(line);
#endif
    }

private:
    bool read_line(std::string& line) {
        constexpr size_t PART = 1 << 16;
        // Lines that came at once must not keep it from its work.
        attendant_.attend();
        size_t end = read_.find('\n');
        while (end == std::string::npos && !at_end_) {
            attendant_.wait_for(STDIN_FILENO);
            const size_t had = read_.size();
            read_.resize(had + PART);
            const ssize_t got = ::read(STDIN_FILENO, &read_[had], PART);
            read_.resize(had + (got > 0 ? static_cast<size_t>(got) : 0));
            at_end_ = got == 0 || (got < 0 && errno != EINTR);
            end = read_.find('\n', had);
        }
        const bool is_there = end != std::string::npos || !read_.empty();
        line = read_.substr(0, end);
        read_.erase(0, end == std::string::npos ? end : end + 1);
        return is_there;
    }

    Attendant& attendant_;
    std::string read_;
    bool at_end_ = false;
    const bool is_terminal_ = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
};

void print_console(void* /*context*/, jsep_log_level level, jsep_bytes text) {
    (level == JSEP_LOG_INFO ? std::cout : std::cerr) << view(text) << std::endl;
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

}  // namespace

jsep_host console_host() {
    jsep_host host{};
    host.size = sizeof(host);
    host.log = print_console;
    return host;
}

Options realm_options(const PeerArguments& peers, const std::string& on_throw) {
    Options options = {{"on_throw", on_throw}};
    if (!peers.key.empty()) {
        options.emplace_back("peer_key", read_file(peers.key));
    }
    return options;
}

int shell(const ShellArguments& arguments) {
    Log log = Log::to_standard_error();
    const Plugin plugin(arguments.plugin);
    const RealmFiles files(arguments.data);
    const jsep_storage storage = files.table();
    const jsep_host host = console_host();
    Peers peers(arguments.peers.listen, arguments.peers.peers);
    const std::string source = arguments.script.empty() ? std::string() : read_file(arguments.script);
    try {
        const Engine engine(plugin, arguments.options, log);
        const RealmLog realm_log(plugin, storage);
        const Options options = realm_options(arguments.peers, arguments.on_throw);
        const DurableRealm realm(plugin, engine, realm_log, arguments.name, source, options, &host);
        Attendant attendant(plugin, host, peers);
        attendant.add(arguments.name, realm);
        print_beginning(realm);
        Checkpointer checkpointer(arguments.plugin, arguments.data, arguments.options, arguments.checkpoints);
        Lines lines(attendant);
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
                const bool upgrades = script.rfind(UPGRADE, 0) == 0;
                const std::string answer =
                    upgrades ? realm.upgrade(id, read_file(script.substr(std::strlen(UPGRADE))), &host)
                             : realm.eval(id, script, &host);
                std::cout << answer << std::endl;
            } catch (const LibraryError& error) {
                if (is_final(error.status())) {
                    throw;
                }
                std::cout << error.message() << std::endl;
            } catch (const StartError& error) {
                std::cout << error.what() << std::endl;
            }
            checkpointer.look(realm_log, realm);
        }
        return 0;
    } catch (const LibraryError& error) {
        throw StartError(arguments.data + ": " + error.message());
    }
}
