// storage.objects.list: names in byte order, with prefix, delimiter and versions.
#pragma once

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {

// https://cloud.google.com/storage/docs/json_api/v1/objects/list. Errors: InvalidArgument,
// NotFound.
[[nodiscard]] Outcome<Reply> list_objects(Store const& store, Call const& call);

}  // namespace aipress::sandbox
