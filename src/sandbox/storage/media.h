// An object's bytes, whole or a range of them.
#pragma once

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {

// The reply to alt=media. Errors: OutOfRange with status 416 for a range behind the end.
[[nodiscard]] Outcome<http::Response> media_response(StoredObject const& object,
                                                     FileDescriptor bytes,
                                                     http::Request const& request);

}  // namespace aipress::sandbox
