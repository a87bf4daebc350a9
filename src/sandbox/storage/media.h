// An object's bytes, whole or a range of them, as they are or decompressed.
#pragma once

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {

// A header field; left out when it is empty, or a client has stored what no field can hold, which
// would be read as another field.
void add_field(std::string name, std::string value, http::Headers& headers);
// What both APIs say of an object beside its bytes; of a part of it where `object` has no more.
void add_content_headers(boost::json::object const& object, http::Headers& headers);
void add_state_headers(boost::json::object const& object, http::Headers& headers);
// All of the JSON API's.
[[nodiscard]] http::Headers media_headers(StoredObject const& object);

// The reply to a request for the bytes, with these headers of the object. What is stored as gzip
// (`contentEncoding`) goes out decompressed to a client that does not take gzip:
// https://cloud.google.com/storage/docs/transcoding. Errors: OutOfRange with status 416 for a
// range behind the end.
[[nodiscard]] Outcome<http::Response> media_response(StoredObject const& object,
                                                     FileDescriptor bytes,
                                                     http::Request const& request,
                                                     http::Headers headers);

}  // namespace aipress::sandbox
