// Errors of Cloud Storage's XML API: <Error><Code>NoSuchKey</Code>…</Error>.
// https://cloud.google.com/storage/docs/xml-api/reference-status
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/api_error.h"

namespace aipress::sandbox {

// Further elements: {"ParameterName", "signature"}.
using XmlElements = std::vector<std::pair<std::string, std::string>>;

// `code`: one of the API's, "NoSuchKey"; its usual message and status are known. `why` becomes the
// element Details.
[[nodiscard]] ApiError xml_error(std::string_view code, std::string why,
                                 XmlElements const& more = {});

// Of an error that the code below both APIs gives: the XML API's own word for it.
[[nodiscard]] http::Response xml_error_response(ApiError const& error);

// Text as an element's content.
[[nodiscard]] std::string escape_xml(std::string_view text);
// <name>text</name>, escaped.
[[nodiscard]] std::string xml_element(std::string_view name, std::string_view text);

}  // namespace aipress::sandbox
