// How every function of the host table begins and ends.
#pragma once

#include <exception>
#include <string>

#include "host_table.hpp"

// What a callback answers when the host itself fails; any number that the interface gives no meaning will do.
constexpr uint32_t CALLBACK_FAILED = JSEP_STORE_FAILED;

// Runs the work of a callback on the table that `context` is. No exception may pass through the library.
template <typename Work>
uint32_t host_callback(void* context, const char* function, const Work& work) noexcept {
    HostTable& table = *static_cast<HostTable*>(context);
    try {
        return work(table);
    } catch (const VersionForgotten&) {
        return JSEP_CONFLICT;
    } catch (const std::exception& error) {
        table.services().log.write(JSEP_LOG_FATAL, std::string(function) + " failed: " + error.what());
        return CALLBACK_FAILED;
    } catch (...) {
        table.services().log.write(JSEP_LOG_FATAL, std::string(function) + " failed");
        return CALLBACK_FAILED;
    }
}

// Gives bytes to the library.
inline void write_to(const jsep_sink* sink, const std::string& bytes) {
    sink->write(sink->context, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}
