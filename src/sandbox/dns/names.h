// Domain names as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aipress::sandbox::dns {

enum class Wildcard { Refused, Allowed };  // "*" as the first label

// In lower case. nullopt for what is no absolute name ("example.com." with its last dot) of labels
// of letters, digits, '-', '_' and, for RFC 2317 delegations, '/'. The root is one.
[[nodiscard]] std::optional<std::string> canonical_name(std::string_view text, Wildcard wildcard);

// Whether it is the zone's apex or below. Both canonical.
[[nodiscard]] bool is_within(std::string_view name, std::string_view zone);

// The labels from the root down, "com.example.www.": in its order a name comes right before what is
// below it.
[[nodiscard]] std::string reversed_name(std::string_view name);

}  // namespace aipress::sandbox::dns
