// Whether a figure that goes up and down grows without bound.
#pragma once

#include <optional>
#include <string>
#include <vector>

// What a figure may gain between the first and the last third of a run and still be steady: a share of its earlier
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
    // Compares the lower quartile of the last third with that of the first: what is lost lifts the floor, while peaks
    // come and go. What grew and by how much, or that the values are too few to tell, or nothing.
    std::optional<std::string> growth() const;

private:
    std::string name_;
    Allowance allowance_;
    std::vector<double> values_;
};
