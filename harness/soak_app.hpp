// The app of the soak, and what its endpoints are to answer.
#pragma once

#include <string>
#include <vector>

// One kind of request.
struct SoakRequest {
    const char* method;
    const char* path;
    // Status of the answer; 0: none, because the look-up fails.
    int status;
    // How often it is sent, in proportion to the others.
    unsigned weight;
};

const std::vector<SoakRequest>& soak_requests();

// The bundle; each version has a text of its own.
std::string soak_bundle(unsigned version);
// A bundle that no library installs.
std::string broken_soak_bundle(unsigned version);
