#include "sandbox/storage/http_dates.h"

#include <ctime>
#include <fmt/chrono.h>

namespace aipress::sandbox {

std::string http_date(WallTime time) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::optional<WallTime> parse_http_date(std::string const& text) {
    std::tm parts{};
    auto const* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace aipress::sandbox
