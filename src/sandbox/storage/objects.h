// Cloud Storage v1: objects, but for how their bytes come in (uploads.h).
#pragma once

#include "sandbox/service.h"
#include "sandbox/storage/object_changes.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_objects(Methods& methods, Store& store, Blobs const& blobs, ObjectChanges& changes);

}  // namespace aipress::sandbox
