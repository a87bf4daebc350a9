// Several requests in one: POST /batch/… with multipart/mixed, each part an HTTP request
// (application/http). https://cloud.google.com/compute/docs/api/how-tos/batch
#pragma once

#include <functional>

#include "http/request.h"
#include "http/response.h"

namespace aipress::sandbox {

[[nodiscard]] bool is_batch(http::Request const& request);

// Answers the parts one after the other by `handle`; a part that says nothing of its own host and
// credentials has those of the whole. A malformed part is answered with 400, the others are not
// harmed by it. An answer that is cut cuts the whole.
using Handle = std::function<http::Response(http::Request const&, http::BodyReader&)>;
[[nodiscard]] http::Response answer_batch(http::Request const& request, http::BodyReader& body,
                                          Handle const& handle);

}  // namespace aipress::sandbox
