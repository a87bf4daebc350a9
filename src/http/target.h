// What a request line asks for, taken apart. Format: RFC 9112, section 3.2; query parameters as
// HTML forms and Google's clients write them (application/x-www-form-urlencoded).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace aipress::http {

struct Target {
    std::string scheme;  // of the absolute form, "http"; else empty
    std::string host;    // likewise, without the port
    std::string path;    // raw, "/b/bucket/o/a%2Fb": what is encoded may be a slash
    std::string query;   // raw, without the "?"
};

// Origin form ("/path?query"), absolute form ("http://host:port/path") or "*". Errors:
// InvalidArgument.
[[nodiscard]] Result<Target> parse_target(std::string_view text);

// "127.0.0.1:80" without its port; "[::1]:80" is "::1".
[[nodiscard]] std::string_view host_without_port(std::string_view authority);

// "a%2Fb" is "a/b". A "%" without two hex digits stands for itself.
[[nodiscard]] std::string decode_path(std::string_view text);

// In order, decoded; "+" is a space.
using Parameters = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Parameters parse_query(std::string_view text);

}  // namespace aipress::http
