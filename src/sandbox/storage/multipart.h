// multipart/related with two parts, as uploads send it: JSON, then the bytes. RFC 2046,
// section 5.1; with line feeds alone and boundaries in single quotes too, as Google's Python
// clients write it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/request.h"
#include "sandbox/outcome.h"

namespace aipress::sandbox {

// The boundary of "multipart/related; boundary=…". Errors: InvalidArgument.
[[nodiscard]] Outcome<std::string> boundary_of(std::string_view content_type);

struct RelatedPart {
    std::string content_type;  // "" when the part does not say
    std::string json;
};

// Reads both parts: the first is returned whole, `piece` is called with the second's
// bytes as they come. `content_type` of the result is the second part's. Errors: InvalidArgument
// when it is malformed or ends too early; those of the reader and the calls.
[[nodiscard]] Outcome<RelatedPart> read_related(
    http::BodyReader& body, std::string_view boundary,
    std::function<Result<void>(std::string_view)> const& piece);

}  // namespace aipress::sandbox
