#include "trend.hpp"

#include <algorithm>
#include <sstream>

namespace {

using Values = std::vector<double>;

constexpr size_t FEWEST_VALUES = 6;

double lower_quartile(Values::const_iterator begin, Values::const_iterator end) {
    Values values(begin, end);
    const auto quarter = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 4);
    std::nth_element(values.begin(), quarter, values.end());
    return *quarter;
}

}  // namespace

std::optional<std::string> Trend::growth() const {
    if (values_.size() < FEWEST_VALUES) {
        return name_ + ": " + std::to_string(values_.size()) + " values are too few to tell whether it grows";
    }
    const auto third = static_cast<std::ptrdiff_t>(values_.size() / 3);
    const double earlier = lower_quartile(values_.begin(), values_.begin() + third);
    const double later = lower_quartile(values_.end() - third, values_.end());
    const double most = earlier * (1 + allowance_.share) + allowance_.amount;
    if (later <= most) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << name_ << " grew from " << earlier << " to " << later
         << " (lower quartiles of the first and of the last third; " << most << " would be steady)";
    return text.str();
}
