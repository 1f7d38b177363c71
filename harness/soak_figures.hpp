// What the process holds while a soak runs, and whether that grows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "trend.hpp"

class SoakFigures {
public:
    // `has_isolates`: whether the engine tells of isolates and their contexts.
    explicit SoakFigures(bool has_isolates) : has_isolates_(has_isolates) {}

    // Reads the figures of now, `reports` being those of all registries. Only those of a warm process count. Answers
    // with a line for people. Throws StartError, or what the reader of JSON throws when a report does not tell.
    std::string sample(bool is_warm, const std::vector<nlohmann::json>& reports);
    // What grew.
    std::vector<std::string> growth() const;

private:
    bool has_isolates_;
    // A machine that has less else to do runs more at once, which takes more.
    Trend memory_{"resident memory (MiB)", {0.1, 16}};
    Trend threads_{"threads", {0, 1}};
    Trend descriptors_{"file descriptors", {0, 2}};
    Trend mappings_{"mappings", {0.1, 32}};
    Trend isolates_{"isolates", {0.5, 6}};
    Trend native_{"live contexts", {0.5, 64}};
    Trend detached_{"detached contexts", {0.5, 16}};
};
