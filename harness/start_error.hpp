// Why the program can't begin its work; main prints the message and ends with exit code 2.
#pragma once

#include <stdexcept>

class StartError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
