// Whether a figure that goes up and down grows without bound.
#pragma once

#include <optional>
#include <string>
#include <vector>

// What a figure may gain between the earlier and the later half of a run and still be steady: a share of its earlier
// value, and a fixed amount for what a process gathers once.
struct Allowance {
    double share;
    double amount;
};

class Trend {
public:
    Trend(std::string name, Allowance allowance) : name_(std::move(name)), allowance_(allowance) {}

    void add(double value) { values_.push_back(value); }
    const std::string& name() const { return name_; }
    double last() const { return values_.empty() ? 0 : values_.back(); }
    // Compares the median of the later half with that of the earlier one, so that neither a peak nor a rare low counts.
    // What grew and by how much, or nothing.
    std::optional<std::string> growth() const;

private:
    std::string name_;
    Allowance allowance_;
    std::vector<double> values_;
};
