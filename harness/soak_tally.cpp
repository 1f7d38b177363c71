#include "soak_tally.hpp"

namespace {

constexpr size_t SHOWN_MISTAKES = 10;
// So few late answers say nothing.
constexpr uint64_t PARDONED_LATE = 5;

std::string place(const SoakRequest& kind) {
    return std::string(kind.method) + " " + kind.path;
}

std::string times(uint64_t count) {
    return count == 0 ? "never" : count == 1 ? "once" : std::to_string(count) + " times";
}

}  // namespace

void SoakTally::count(const SoakRequest& kind, const SoakAnswer& answer) {
    ++requests_;
    Kind& counts = kinds_[static_cast<size_t>(&kind - soak_requests().data())];
    if (answer.timed_out && answer.took < limit_) {
        mistake(place(kind) + " was ended before its time: " + answer.text());
    } else if (answer == kind.right) {
        ++counts.right;
    } else if (answer.timed_out) {
        ++counts.late;
    } else {
        mistake(place(kind) + " answered " + answer.text() + " instead of " + kind.right.text());
    }
}

void SoakTally::mistake(const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++mistakes_[text];
}

bool SoakTally::has_mistakes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return !mistakes_.empty();
}

std::vector<std::string> SoakTally::wrong() const {
    std::vector<std::string> texts;
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [text, count] : mistakes_) {
        if (texts.size() == SHOWN_MISTAKES) {
            texts.push_back("and " + std::to_string(mistakes_.size() - SHOWN_MISTAKES) + " other mistakes");
            break;
        }
        texts.push_back(text + ", " + times(count));
    }
    // A soak that a mistake has ended may not have come to all kinds.
    for (size_t index = 0; index < kinds_.size() && mistakes_.empty(); ++index) {
        const Kind& counts = kinds_[index];
        if (counts.right == 0 || counts.late > counts.right + PARDONED_LATE) {
            texts.push_back(place(soak_requests()[index]) + " was ended by the limit of time " + times(counts.late) +
                            " and answered as it is to be " + times(counts.right));
        }
    }
    return texts;
}
