#include "sandbox/compute/ip_range.h"

#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>

namespace aipress::sandbox::compute {
namespace {

std::optional<unsigned> parse_prefix(std::string_view text, unsigned most) {
    unsigned prefix = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), prefix);
    if (failure != std::errc() || end != text.data() + text.size() || prefix > most) {
        return std::nullopt;
    }
    return prefix;
}

}  // namespace

std::optional<Ipv4> parse_ipv4(std::string_view text) {
    in_addr address{};
    if (::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

std::string ipv4_text(Ipv4 address) {
    return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255,
                       address & 255);
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    auto const first = parse_ipv4(text.substr(0, slash));
    auto const prefix = parse_prefix(text.substr(slash + 1), 32);
    if (!first || !prefix) return std::nullopt;
    IpRange const whole{.first = 0, .prefix = *prefix};
    if ((*first & whole.last()) != 0) return std::nullopt;
    return IpRange{.first = *first, .prefix = *prefix};
}

std::string IpRange::text() const {
    return fmt::format("{}/{}", ipv4_text(first), prefix);
}

bool is_any_range(std::string_view text) {
    auto const slash = text.find('/');
    auto const address = std::string(text.substr(0, slash));
    in6_addr v6{};
    bool const is_v6 = ::inet_pton(AF_INET6, address.c_str(), &v6) == 1;
    if (!is_v6 && !parse_ipv4(address)) return false;
    return slash == text.npos || parse_prefix(text.substr(slash + 1), is_v6 ? 128 : 32);
}

}  // namespace aipress::sandbox::compute
