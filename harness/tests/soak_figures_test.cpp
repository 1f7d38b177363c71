// Tests of which figures of a soak are looked at, with reports as registries would give them.
#include "soak_figures.hpp"

#include "check.hpp"

namespace {

using nlohmann::json;

constexpr int SAMPLES = 30;
constexpr bool IS_WARM = true;
constexpr bool HAS_ISOLATES = true;

// What a registry reports of its realms.
struct Realms {
    double isolates = 0;
    double live = 0;
    double detached = 0;
};

json report(const Realms& realms) {
    return {{"realms",
             {{"isolates", realms.isolates}, {"contexts", {{"native", realms.live}, {"detached", realms.detached}}}}}};
}

// A soak of two registries, one of which gains `gain` in all and the other one nothing.
std::vector<std::string> growth(const Realms& gain, bool is_warm = IS_WARM) {
    const Realms steady{4, 40, 10};
    SoakFigures figures(HAS_ISOLATES);
    for (int index = 0; index < SAMPLES; ++index) {
        const double share = static_cast<double>(index) / SAMPLES;
        const Realms growing{gain.isolates * share, gain.live * share, gain.detached * share};
        figures.sample(is_warm, {report(growing), report(steady)});
    }
    if (!is_warm) {
        for (int index = 0; index < SAMPLES; ++index) {
            figures.sample(IS_WARM, {report(gain), report(steady)});
        }
    }
    return figures.growth();
}

bool is_growth_of(const std::string& figure, const std::vector<std::string>& texts) {
    return texts.size() == 1 && texts[0].find(figure + " grew from ") == 0;
}

bool throws_without(const std::string& member) {
    json incomplete = report({});
    incomplete["realms"].erase(member);
    try {
        SoakFigures(HAS_ISOLATES).sample(IS_WARM, {incomplete});
    } catch (const json::exception&) {
        return true;
    }
    return false;
}

}  // namespace

int main() {
    // What stays is steady.
    CHECK(growth({}).empty());
    // Each figure is seen to grow, and no other one with it.
    CHECK(is_growth_of("isolates", growth({30, 0, 0})));
    CHECK(is_growth_of("live contexts", growth({0, 300, 0})));
    CHECK(is_growth_of("detached contexts", growth({0, 0, 100})));
    // What grows before the process is warm does not count.
    CHECK(growth({30, 300, 100}, !IS_WARM).empty());
    // A report that does not tell is a mistake, and not a figure that stays.
    CHECK(throws_without("isolates"));
    CHECK(throws_without("contexts"));
    // An engine without isolates is not asked about them.
    SoakFigures without(!HAS_ISOLATES);
    CHECK(without.sample(IS_WARM, {json::object()}).find("contexts") == std::string::npos);
    return 0;
}
