// Objects of a bucket by plain paths, for the nginx that serves the sites.
#pragma once

#include <optional>

#include "http/request.h"

namespace aipress::sandbox::run {

// "/_run/media/BUCKET/2026/a b.jpg" as the request for that object's bytes to Cloud Storage's JSON
// API; nullopt: it is no such path.
[[nodiscard]] std::optional<http::Request> media_request(http::Request const& request);

}  // namespace aipress::sandbox::run
