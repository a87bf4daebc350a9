// For the XML API's own sources.
#pragma once

#include <boost/json/object.hpp>

#include "sandbox/storage/xml_api.h"

namespace aipress::sandbox {

struct XmlApi::Asked {
    http::Request const& request;
    http::BodyReader& body;
    XmlTarget const target;
    std::string principal = {};        // empty: nobody said
    std::string method = {};           // for the journal
    FaultRule const* fault = nullptr;  // that it has met, and that has shown
};

// The x-goog-if-… header fields.
[[nodiscard]] Outcome<Preconditions> xml_preconditions(http::Request const& request);
[[nodiscard]] http::Parameters xml_conditions(http::Request const& request);

// "5d41402abc4b2a76b9719d911017c592", quoted: the MD5 where there is one.
[[nodiscard]] std::string xml_etag(boost::json::object const& object);
[[nodiscard]] WallTime updated_at(boost::json::object const& object);

// What an upload's header fields say of the object to be. Errors: InvalidDigest.
[[nodiscard]] Outcome<boost::json::object> fields_of_upload(http::Request const& request);

// Of the request's origin, as the bucket's `cors` allows it (https://fetch.spec.whatwg.org). With
// OPTIONS: what it answers to a preflight.
void add_cors_headers(Document const& bucket, http::Request const& request,
                      http::Response& response);

}  // namespace aipress::sandbox
