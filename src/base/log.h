// Operator-facing log, to stderr. The only door to spdlog.
#pragma once

#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace aipress::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Text, Json };

// Not thread safe; called once by main.
void configure(Level least, Format format);

// Thread safe. Never pass a secret.
void write(Level level, std::string_view message);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::Debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::Warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace aipress::log
