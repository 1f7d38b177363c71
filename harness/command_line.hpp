// What the files of the command line share.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "checkpointer.hpp"

// Splits NAME<separator>VALUE for each text; `option` is for messages. Throws StartError.
std::vector<std::pair<std::string, std::string>> split_all(const std::vector<std::string>& texts, char separator,
                                                           const std::string& option);

// An option that may be given several times and takes one value each time.
CLI::Option* add_list(CLI::App& command, const std::string& name, std::vector<std::string>& values,
                      const std::string& description);

// When checkpoints are made of a durable realm.
void add_checkpoint_options(CLI::App& command, CheckpointBounds& bounds);

// The commands of durable realms. `action` becomes what the command line asks for.
void add_shell(CLI::App& program, std::function<int()>& action);
void add_realm(CLI::App& program, std::function<int()>& action);
