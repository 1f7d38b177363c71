// What the operator of the host takes away from apps: tables that they may only read, or not even that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jsep.h"

class MapRestrictions {
public:
    struct Restriction {
        std::string prefix;  // Of the names of tables.
        jsep_permission permission;

        std::string reason() const;
    };

    // Adds PREFIX=read or PREFIX=none. Throws StartError.
    void add(const std::string& text);
    bool empty() const { return restrictions_.empty(); }
    // The strictest that holds for a table; null when there is none.
    const Restriction* find(std::string_view map) const;

private:
    std::vector<Restriction> restrictions_;
};
