// IPv4 addresses and ranges: "10.1.0.0/16".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aipress::sandbox::compute {

using Ipv4 = std::uint32_t;  // in host order

[[nodiscard]] std::optional<Ipv4> parse_ipv4(std::string_view text);
[[nodiscard]] std::string ipv4_text(Ipv4 address);

// Immutable once made.
struct IpRange {
    Ipv4 first = 0;
    unsigned prefix = 32;  // 0 to 32

    // nullopt when it is malformed or has bits behind its prefix.
    [[nodiscard]] static std::optional<IpRange> parse(std::string_view text);

    [[nodiscard]] Ipv4 last() const {
        return first | static_cast<Ipv4>((std::uint64_t{1} << (32 - prefix)) - 1);
    }
    [[nodiscard]] bool overlaps(IpRange const& other) const {
        return first <= other.last() && other.first <= last();
    }
    [[nodiscard]] bool contains(IpRange const& other) const {
        return first <= other.first && other.last() <= last();
    }
    [[nodiscard]] std::string text() const;
};

// IPv4 or IPv6, with or without a prefix: what a firewall takes.
[[nodiscard]] bool is_any_range(std::string_view text);

}  // namespace aipress::sandbox::compute
