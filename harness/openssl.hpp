// What all uses of OpenSSL here share.
#pragma once

#include <memory>
#include <string>

// An object of OpenSSL with the function that frees it.
template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

// Throws a `StartError` that tells what `action` is and why OpenSSL failed at it.
[[noreturn]] void fail_of_openssl(const std::string& action);
