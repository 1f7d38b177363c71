// The app of the soak, and what its endpoints are to answer.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "library.hpp"

#include "jsep.h"

// What a request came to, or is to come to.
struct SoakAnswer {
    // Of the look-up and the execution; the rest is for JSEP_OK.
    jsep_status outcome = JSEP_OK;
    int status = 0;
    // Without the letters of SOAK_LETTER at its end, of which a stored value may have any number.
    std::string body;
    // Text of the exception that ended it, or nothing.
    std::string exception;
    bool timed_out = false;
    // Of the last try; not compared.
    std::chrono::nanoseconds took{0};

    static SoakAnswer of(const Response& response);
    bool operator==(const SoakAnswer& other) const;
    std::string text() const;
};

// One kind of request.
struct SoakRequest {
    const char* method;
    const char* path;
    // How often it is sent, in proportion to the others.
    unsigned weight;
    SoakAnswer right;
};

constexpr char SOAK_LETTER = 'x';
// The endpoint that reads what it writes, and where it counts.
constexpr const char* SOAK_COUNT_PATH = "/count";
constexpr const char* SOAK_COUNTERS = "counters";
constexpr const char* SOAK_COUNTER = "all";
// Maps of which the host's store can't be read or written, or asks for another try.
constexpr const char* SOAK_UNREADABLE = "unreadable";
constexpr const char* SOAK_UNWRITABLE = "unwritable";
constexpr const char* SOAK_CONFLICTING = "conflicting";

const std::vector<SoakRequest>& soak_requests();

// The bundle; each version has a text of its own.
std::string soak_bundle(unsigned version);
// A bundle that no library installs, and what its install answers.
std::string broken_soak_bundle(unsigned version);
jsep_status broken_soak_bundle_status(unsigned version);
