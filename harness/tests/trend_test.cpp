// Tests of what counts as growth.
#include "trend.hpp"

#include <cmath>
#include <string>

#include "check.hpp"

namespace {

constexpr int VALUES = 90;

// A figure of about 100 that goes up and down by as much as `swing` and gains `gain` over the run.
Trend figure(double swing, double gain) {
    Trend trend("figure", {0.05, 5});
    for (int index = 0; index < VALUES; ++index) {
        trend.add(100 + swing * std::sin(index * 1.7) + gain * index / VALUES);
    }
    return trend;
}

}  // namespace

int main() {
    // What stays is steady.
    CHECK(!figure(0, 0).growth());
    // What goes up and down is steady.
    CHECK(!figure(30, 0).growth());
    // What shrinks is steady.
    CHECK(!figure(30, -50).growth());
    // A small gain is steady.
    CHECK(!figure(0, 10).growth());
    // A gain is noticed.
    CHECK(figure(0, 20).growth().has_value());
    // Also in what goes up and down.
    CHECK(figure(10, 25).growth().has_value());
    const std::string text = figure(0, 90).growth().value_or("");
    // The text says what grew and from where.
    CHECK(text.find("figure grew from 10") == 0);
    Trend few("figure", {0, 0});
    few.add(1);
    few.add(1);
    // Of two values one can't tell.
    CHECK(few.growth().value_or("").find("too few") != std::string::npos);
    return 0;
}
