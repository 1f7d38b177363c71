#include "plugin.hpp"

#include <dlfcn.h>
#include <filesystem>

#include "bytes.hpp"
#include "start_error.hpp"

namespace {

// dlopen looks for a bare name in the system's places only; people who name a file of the working directory mean that
// file.
std::string loadable_path(const std::string& path) {
    const bool bare_name = path.find('/') == std::string::npos;
    return bare_name && std::filesystem::exists(path) ? "./" + path : path;
}

}  // namespace

Plugin::Plugin(const std::string& path) : path_(path) {
    library_ = dlopen(loadable_path(path).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) {
        const char* reason = dlerror();
        throw StartError("can't load the library " + path + ": " + (reason != nullptr ? reason : "unknown reason"));
    }
    try {
        check_version();
        find_functions();
    } catch (...) {
        dlclose(library_);
        throw;
    }
}

Plugin::~Plugin() {
    dlclose(library_);
}

void* Plugin::symbol(const char* name) const {
    void* address = dlsym(library_, name);
    if (address == nullptr) {
        throw StartError(path_ + " is not a jsep plugin: it has no function " + name);
    }
    return address;
}

void Plugin::check_version() const {
    const auto abi_version = reinterpret_cast<decltype(&::jsep_abi_version)>(symbol("jsep_abi_version"));
    const uint32_t version = abi_version();
    if (version < JSEP_ABI_VERSION) {
        throw StartError(path_ + " implements version " + std::to_string(version) +
                         " of the jsep interface, but this program needs version " + std::to_string(JSEP_ABI_VERSION));
    }
}

void Plugin::find_functions() {
#define JSEP_HOST_FIND(name) name = reinterpret_cast<decltype(name)>(symbol("jsep_" #name));
    JSEP_FUNCTIONS(JSEP_HOST_FIND)
#undef JSEP_HOST_FIND
}

LibraryError::LibraryError(const std::string& text, jsep_status status)
    : std::runtime_error(text), status_(status), message_(text) {}

LibraryError LibraryError::last(const Plugin& plugin, jsep_status status) {
    const jsep_error* error = plugin.last_error();
    // Without a recorded error, or with one of another call, the number is all there is.
    if (error == nullptr || plugin.error_status(error) != status) {
        return LibraryError("the library answered status " + std::to_string(static_cast<uint32_t>(status)), status);
    }
    LibraryError result(std::string(view(plugin.error_message(error))), status);
    result.module_ = view(plugin.error_module(error));
    result.path_ = view(plugin.error_path(error));
    result.line_ = plugin.error_line(error);
    result.column_ = plugin.error_column(error);
    return result;
}

std::string LibraryError::place(const std::string& source) const {
    std::string place = module_.empty() ? source : module_;
    if (line_ != 0) {
        place += ":" + std::to_string(line_);
        if (column_ != 0) {
            place += ":" + std::to_string(column_);
        }
    }
    // Some messages begin with the path.
    if (!path_.empty() && message_.find(path_) == std::string::npos) {
        place += place.empty() ? path_ : ": " + path_;
    }
    return place;
}

void require_ok(const Plugin& plugin, jsep_status status) {
    if (status != JSEP_OK) {
        throw LibraryError::last(plugin, status);
    }
}
