#include "map_restrictions.hpp"

#include "start_error.hpp"

void MapRestrictions::add(const std::string& text) {
    // Names of tables may have equals signs; permissions have none.
    const size_t sign = text.rfind('=');
    const std::string permission = sign == std::string::npos ? "" : text.substr(sign + 1);
    if (permission != "read" && permission != "none") {
        throw StartError("--restrict-map " + text + ": it is not PREFIX=read or PREFIX=none");
    }
    restrictions_.push_back({text.substr(0, sign), permission == "read" ? JSEP_PERMISSION_READ : JSEP_PERMISSION_NONE});
}

const MapRestrictions::Restriction* MapRestrictions::find(std::string_view map) const {
    const Restriction* strictest = nullptr;
    for (const Restriction& restriction : restrictions_) {
        const bool holds = map.substr(0, restriction.prefix.size()) == restriction.prefix;
        if (holds && (strictest == nullptr || restriction.permission < strictest->permission)) {
            strictest = &restriction;
        }
    }
    return strictest;
}

std::string MapRestrictions::Restriction::reason() const {
    return "The host restricts tables whose names begin with '" + prefix + "'.";
}
