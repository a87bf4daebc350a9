#include "base/log.h"

#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace aipress::log {
namespace {

spdlog::level::level_enum native(Level level) {
    switch (level) {
        case Level::Debug:
            return spdlog::level::debug;
        case Level::Info:
            return spdlog::level::info;
        case Level::Warning:
            return spdlog::level::warn;
        case Level::Error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

spdlog::logger& logger() {
    static auto const instance = [] {
        auto created = std::make_shared<spdlog::logger>(
            "aipress", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        created->set_level(spdlog::level::warn);
        return created;
    }();
    return *instance;
}

// A message is data inside a JSON string.
std::string json_escaped(std::string_view text) {
    std::string escaped;
    for (char c : text) {
        if (c == '"' || c == '\\') {
            escaped += '\\';
            escaped += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            escaped += c;
        }
    }
    return escaped;
}

bool json_lines = false;

}  // namespace

void configure(Level least, Format format) {
    json_lines = format == Format::Json;
    logger().set_level(native(least));
    logger().set_pattern(
        json_lines ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%H:%M:%S.%e %l %v",
        json_lines ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local);
}

void write(Level level, std::string_view message) {
    if (json_lines) {
        logger().log(native(level), R"("message":"{}")", json_escaped(message));
    } else {
        logger().log(native(level), "{}", message);
    }
}

}  // namespace aipress::log
