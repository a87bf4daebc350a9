// How bytes come in: simple, multipart and resumable uploads.
// https://cloud.google.com/storage/docs/uploads-downloads
#pragma once

#include <filesystem>

#include "sandbox/service.h"
#include "sandbox/storage/object_changes.h"

namespace aipress::sandbox {

// `folder`: where resumable uploads wait for their rest. All that is passed outlives `methods`.
// Errors: Unavailable for the disk.
Result<void> serve_uploads(Methods& methods, Store& store, Blobs const& blobs,
                           ObjectChanges& changes, std::filesystem::path const& folder);

}  // namespace aipress::sandbox
