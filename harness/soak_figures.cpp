#include "soak_figures.hpp"

#include <sstream>

#include "process_figures.hpp"

namespace {

constexpr double MEBIBYTE = 1024.0 * 1024.0;

}  // namespace

std::string SoakFigures::sample(bool is_warm, const std::vector<nlohmann::json>& reports) {
    const ProcessFigures figures = ProcessFigures::read();
    std::vector<std::pair<Trend*, double>> values{{&memory_, static_cast<double>(figures.resident_bytes) / MEBIBYTE},
                                                  {&threads_, static_cast<double>(figures.threads)},
                                                  {&descriptors_, static_cast<double>(figures.descriptors)},
                                                  {&mappings_, static_cast<double>(figures.mappings)}};
    if (has_isolates_) {
        const auto sum = [&](const char* pointer) {
            double all = 0;
            for (const nlohmann::json& report : reports) {
                all += report.at(nlohmann::json::json_pointer(pointer)).get<double>();
            }
            return all;
        };
        values.emplace_back(&isolates_, sum("/realms/isolates"));
        values.emplace_back(&native_, sum("/realms/contexts/native"));
        values.emplace_back(&detached_, sum("/realms/contexts/detached"));
    }
    std::ostringstream line;
    line.precision(0);
    line << std::fixed;
    for (const auto& [trend, value] : values) {
        if (is_warm) {
            trend->add(value);
        }
        line << "  " << trend->name() << ' ' << value;
    }
    return line.str();
}

std::vector<std::string> SoakFigures::growth() const {
    std::vector<const Trend*> trends{&memory_, &threads_, &descriptors_, &mappings_};
    if (has_isolates_) {
        trends.insert(trends.end(), {&isolates_, &native_, &detached_});
    }
    std::vector<std::string> texts;
    for (const Trend* trend : trends) {
        if (std::optional<std::string> text = trend->growth()) {
            texts.push_back(std::move(*text));
        }
    }
    return texts;
}
