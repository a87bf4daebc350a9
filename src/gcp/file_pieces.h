// The bytes of a file that is uploaded or downloaded, by offset.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace aipress::gcp {

struct SourceFile {
    FileDescriptor descriptor;
    std::uint64_t size = 0;
    std::string crc32c = {};  // of all of it, as Cloud Storage writes it
};
// Errors: NotFound, Unavailable when it cannot be read.
[[nodiscard]] Result<SourceFile> open_source(std::filesystem::path const& path);
// Errors: FailedPrecondition when the file has become shorter.
[[nodiscard]] Result<std::string> read_piece(SourceFile const& file, std::uint64_t offset,
                                             std::uint64_t length);

// A file that has its name only once it is whole: until keep() it is beside it, and goes with this.
class PartialFile {
public:
    // Errors: Unavailable when the folder cannot be written to.
    [[nodiscard]] static Result<PartialFile> make(std::filesystem::path const& path);
    PartialFile(PartialFile&& other) noexcept
        : descriptor_(std::move(other.descriptor_)),
          name_(std::move(other.name_)),
          partial_(std::exchange(other.partial_, {})) {}
    PartialFile& operator=(PartialFile&&) = delete;
    ~PartialFile();

    [[nodiscard]] Result<void> append(std::string_view bytes);
    // On disk under its name, in place of what had it.
    [[nodiscard]] Result<void> keep();

private:
    PartialFile(FileDescriptor descriptor, std::filesystem::path name,
                std::filesystem::path partial)
        : descriptor_(std::move(descriptor)),
          name_(std::move(name)),
          partial_(std::move(partial)) {}

    FileDescriptor descriptor_;
    std::filesystem::path name_;
    std::filesystem::path partial_;  // empty once it is kept
};

}  // namespace aipress::gcp
