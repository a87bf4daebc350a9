// Waits for a folder's files to be written to: inotify(7).
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/result.h"

namespace aipress::sandbox {

class FolderWatch {
public:
    // Makes the folder when it is not there. Errors: Unavailable.
    [[nodiscard]] static Result<std::unique_ptr<FolderWatch>> open(
        std::filesystem::path const& folder);

    // Returns when a file of the folder has been written to, or wake() was called, since it
    // returned the last time (since open(), the first time). For one thread.
    void wait();
    // Any thread.
    void wake();

private:
    FolderWatch(FileDescriptor changes, FileDescriptor bell)
        : changes_(std::move(changes)), bell_(std::move(bell)) {}

    FileDescriptor const changes_;
    FileDescriptor const bell_;
};

}  // namespace aipress::sandbox
