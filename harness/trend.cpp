#include "trend.hpp"

#include <algorithm>
#include <sstream>

namespace {

using Values = std::vector<double>;

constexpr size_t FEWEST_VALUES = 4;

double median(Values::const_iterator begin, Values::const_iterator end) {
    Values values(begin, end);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

std::optional<std::string> Trend::growth() const {
    if (values_.size() < FEWEST_VALUES) {
        return name_ + ": " + std::to_string(values_.size()) + " values are too few to tell whether it grows";
    }
    const auto middle = values_.begin() + static_cast<std::ptrdiff_t>(values_.size() / 2);
    const double earlier = median(values_.begin(), middle);
    const double later = median(middle, values_.end());
    const double most = earlier * (1 + allowance_.share) + allowance_.amount;
    if (later <= most) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << name_ << " grew from " << earlier << " to " << later << " (medians of the earlier and of the later half; "
         << most << " would be steady)";
    return text.str();
}
