// The soak in a program that is small enough to be compiled with ThreadSanitizer for each run of the tests:
// soak_test LIB SECONDS
#include <cstdlib>
#include <iostream>

#include "commands.hpp"

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: soak_test LIB SECONDS\n";
        return 2;
    }
    SoakArguments arguments{};
    arguments.plugin = argv[1];
    arguments.seconds = std::atof(argv[2]);
    arguments.threads = 3;
    try {
        return soak(arguments);
    } catch (const std::exception& error) {
        std::cerr << "soak_test: " << error.what() << '\n';
        return 2;
    }
}
