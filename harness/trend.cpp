#include "trend.hpp"

#include <algorithm>
#include <sstream>

std::optional<std::string> Trend::growth() const {
    if (values_.size() < 2) {
        return std::nullopt;
    }
    const auto middle = values_.begin() + static_cast<std::ptrdiff_t>(values_.size() / 2);
    const double earlier = *std::min_element(values_.begin(), middle);
    const double later = *std::min_element(middle, values_.end());
    const double most = earlier * (1 + allowance_.share) + allowance_.amount;
    if (later <= most) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << name_ << " grew from " << earlier << " to " << later << " (lowest of the earlier and of the later half; "
         << most << " would be steady)";
    return text.str();
}
