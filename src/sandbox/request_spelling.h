// One request, however a client spells its address.
#pragma once

#include <optional>

#include "http/request.h"

namespace aipress::sandbox {

// "/_api/sql/v1/…" as a request to that API's host, and Cloud Storage's other spellings of a
// method's path: that of downloads, and the one that its clients use when they are told of an
// emulator. nullopt: the request is plain already.
[[nodiscard]] std::optional<http::Request> plain_request(http::Request const& request);

}  // namespace aipress::sandbox
