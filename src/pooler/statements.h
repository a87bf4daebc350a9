// The words that statements to ProxySQL's admin interface are made of. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "pooler/proxysql.h"

namespace aipress::pooler {

inline constexpr std::array<Layer, 3> kLayers{Layer::Memory, Layer::Runtime, Layer::Disk};
// A server's status: what is under way there ends, and nothing new begins.
inline constexpr std::string_view kPaused = "OFFLINE_SOFT";

// As SQLite has it, which is what takes the statements: no backslash means anything.
[[nodiscard]] std::string quoted(std::string_view text);
[[nodiscard]] std::string table(Layer layer, std::string_view name);
// What the interface answers, which is text. 0 for what is no number.
[[nodiscard]] unsigned number(std::string const& text);
// The comment of a tenant's rows, and back: "" of any other.
[[nodiscard]] std::string comment_of(std::string_view tenant);
[[nodiscard]] std::string tenant_of(std::string_view comment);

}  // namespace aipress::pooler
