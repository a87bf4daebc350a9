// Every request that the sandbox answered, one JSON object a line: what `sandbox requests` shows.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace aipress::sandbox {

// Thread safe. Bounded: past its size the file becomes `FILE.1` in place of the one before.
class RequestJournal {
public:
    // Errors: Unavailable.
    [[nodiscard]] static Result<std::unique_ptr<RequestJournal>> open(std::filesystem::path file);

    // Adds "id": 1, 2, … in front. Not synced: a power cut may take the last ones along.
    void add(boost::json::object entry);

private:
    RequestJournal(std::filesystem::path path, FileDescriptor file, std::uint64_t size)
        : path_(std::move(path)), file_(std::move(file)), size_(size) {}

    std::mutex mutex_;
    std::filesystem::path const path_;
    FileDescriptor file_;
    std::uint64_t size_ = 0;
    std::uint64_t last_id_ = 0;
};

// The entries of a journal, oldest first, as `add` was given them; a line that a crash cut off is
// left out. Errors: NotFound, Unavailable.
[[nodiscard]] Result<std::vector<boost::json::object>> read_requests(
    std::filesystem::path const& file);

}  // namespace aipress::sandbox
