#include "command_line.hpp"

#include "start_error.hpp"

namespace {

// Splits NAME<separator>VALUE. Throws StartError.
std::pair<std::string, std::string> split(const std::string& text, char separator, const std::string& option) {
    const size_t place = text.find(separator);
    if (place == std::string::npos || place == 0) {
        throw StartError(option + " " + text + ": it is not NAME" + separator + "VALUE");
    }
    return {text.substr(0, place), text.substr(place + 1)};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> split_all(const std::vector<std::string>& texts, char separator,
                                                           const std::string& option) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const std::string& text : texts) {
        pairs.push_back(split(text, separator, option));
    }
    return pairs;
}

CLI::Option* add_list(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                      const std::string& description) {
    return command.add_option(name, values, description)
        ->type_size(1)
        ->expected(1, CLI::detail::expected_max_vector_size)
        ->allow_extra_args(false);
}

void add_checkpoint_options(CLI::App& command, CheckpointBounds& bounds) {
    command
        .add_option("--checkpoint-bytes", bounds.bytes,
                    "Make a checkpoint when a restore would read more of the log; 0: not for that")
        ->capture_default_str();
    command
        .add_option("--checkpoint-seconds", bounds.seconds,
                    "Make a checkpoint when a restore would take longer; 0: not for that")
        ->capture_default_str();
}
