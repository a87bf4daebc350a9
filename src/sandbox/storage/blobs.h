// The bytes of objects: one file each, never changed once it has its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "sandbox/storage/object_sums.h"

namespace aipress::sandbox {

// What an object's resource says of its bytes.
struct Blob {
    std::string id;
    std::uint64_t size = 0;
    std::string md5;  // base64; empty for composed ones
    std::string crc32c;
};

class Blobs;

// A file that is being written. Thrown away unless it is finished. Not thread safe.
class BlobWriter {
public:
    BlobWriter(BlobWriter&&) noexcept = default;
    BlobWriter& operator=(BlobWriter&&) noexcept = default;
    ~BlobWriter();

    // Errors: ResourceExhausted when the disk is full, Unavailable.
    Result<void> add(std::string_view bytes);
    // On disk under its name when this returns.
    Result<Blob> finish();

private:
    friend class Blobs;
    BlobWriter(std::filesystem::path temporary, std::filesystem::path final_path, std::string id,
               FileDescriptor file)
        : temporary_(std::move(temporary)),
          final_path_(std::move(final_path)),
          id_(std::move(id)),
          file_(std::move(file)) {}
    void drop_behind(std::uint64_t end);

    std::filesystem::path temporary_;
    std::filesystem::path final_path_;
    std::string id_;
    FileDescriptor file_;
    ObjectSums sums_;
    std::uint64_t size_ = 0;
    std::uint64_t on_its_way_ = 0;  // to the disk
    std::uint64_t dropped_ = 0;  // from the page cache: everything before, but for the first bytes
};

// Thread safe.
class Blobs {
public:
    // Errors: Unavailable for the disk.
    [[nodiscard]] static Result<Blobs> open(std::filesystem::path folder);

    [[nodiscard]] Result<BlobWriter> create() const;
    // Another blob with the same bytes, which `bytes` reads: a second name for the file, or a copy
    // when it has lost its own.
    [[nodiscard]] Result<Blob> share(Blob const& blob, FileDescriptor const& bytes) const;
    // Its bytes can be read as long as this is held. Errors: NotFound.
    [[nodiscard]] Result<FileDescriptor> read(std::string_view id) const;
    // One that is not there is no error: a crash may have come between.
    void remove(std::string_view id) const;
    // Removes whatever `is_used` does not know: left by a crash. Errors: those of `is_used`.
    Result<void> sweep(std::function<Result<bool>(std::string const&)> const& is_used) const;

private:
    [[nodiscard]] std::filesystem::path path(std::string_view id) const;
    explicit Blobs(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path folder_;
};

// All of it, at that place of the file. Errors: ResourceExhausted, Unavailable.
Result<void> write_at(FileDescriptor const& file, std::string_view bytes, std::uint64_t offset);
// All of the file's bytes in pieces. Errors: Unavailable; those of `piece`.
Result<void> read_file(FileDescriptor const& file,
                       std::function<Result<void>(std::string_view)> const& piece);

}  // namespace aipress::sandbox
