// How bytes come in: simple, multipart and resumable uploads.
// https://cloud.google.com/storage/docs/uploads-downloads
#pragma once

#include "sandbox/service.h"
#include "sandbox/storage/object_changes.h"
#include "sandbox/storage/resumable.h"

namespace aipress::sandbox {

// All that is passed outlives `methods`.
void serve_uploads(Methods& methods, Blobs const& blobs, ObjectChanges& changes,
                   ResumableUploads& resumable);

}  // namespace aipress::sandbox
