// storage.objectAccessControls: who may do what with one object, beside the bucket's IAM policy.
#pragma once

#include "sandbox/storage/object_changes.h"
#include "sandbox/storage/object_reads.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_object_acls(Methods& methods, Store const& store, Blobs const& blobs,
                       ObjectChanges& changes);

}  // namespace aipress::sandbox
