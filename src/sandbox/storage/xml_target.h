// Which requests are for Cloud Storage's XML API, and what they name.
// https://cloud.google.com/storage/docs/request-endpoints#xml-api
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "http/request.h"

namespace aipress::sandbox {

struct XmlTarget {
    std::string bucket;  // empty: the service itself
    std::string object;  // empty: the bucket itself
};

// BUCKET.storage.googleapis.com/OBJECT; /BUCKET/OBJECT at storage.googleapis.com, and at any host
// that is not Google's (an address of this server) when the URL is signed, or no JSON API has that
// path and there is a bucket of the name. `is_method`: a JSON API has it. nullopt: it is not for
// the XML API.
[[nodiscard]] std::optional<XmlTarget> xml_target(
    http::Request const& request, bool is_method,
    std::function<bool(std::string const&)> const& is_bucket);

}  // namespace aipress::sandbox
