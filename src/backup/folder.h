// One backup's folder in the bucket: "TENANT/BACKUP_ID/".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gcp/storage.h"

namespace aipress::backup {

// An object and what its bytes add up to.
struct Sums {
    std::uint64_t size = 0;
    std::string crc32c = {};  // base64, as Google writes it
    std::string sha256 = {};  // hexadecimal

    bool operator==(Sums const&) const = default;
};

// Thread safe. The connection outlives it.
class Folder {
public:
    Folder(gcp::Connection const& connection, std::string bucket, std::string prefix)
        : storage_(connection), bucket_(std::move(bucket)), prefix_(std::move(prefix)) {}

    [[nodiscard]] std::string const& bucket() const { return bucket_; }
    [[nodiscard]] std::string const& prefix() const { return prefix_; }
    [[nodiscard]] std::string full_name(std::string_view name) const {
        return prefix_ + std::string(name);
    }
    // "gs://bucket/TENANT/BACKUP_ID/name"
    [[nodiscard]] std::string url(std::string_view name) const;

    [[nodiscard]] gcp::Outcome<std::optional<gcp::Object>> find(Context const& context,
                                                                std::string_view name) const;
    // nullopt: it is not there. Errors: DataLoss when it has more than `most` bytes.
    [[nodiscard]] gcp::Outcome<std::optional<std::string>> read(Context const& context,
                                                                std::string_view name,
                                                                std::size_t most) const;
    // In place of what has the name; what has these bytes already is left as it is.
    [[nodiscard]] gcp::Outcome<gcp::Object> put(Context const& context, std::string_view name,
                                                std::string const& content_type,
                                                std::string_view bytes) const;
    // All whose names, in this folder, begin so.
    [[nodiscard]] gcp::Outcome<gcp::Done> remove_all(Context const& context,
                                                     std::string_view beginning) const;
    // Reads all its bytes.
    [[nodiscard]] gcp::Outcome<Sums> sum(Context const& context, gcp::Object const& object) const;

private:
    gcp::Storage storage_;
    std::string bucket_;
    std::string prefix_;
};

// Makes the bucket when it is missing: uniform access, no versions. Errors: FailedPrecondition when
// it is there otherwise; PermissionDenied or AlreadyExists when it is somebody else's.
struct BucketWish {
    std::string project = {};
    std::string name = {};
    std::string location = {};  // "us-central1"
};
[[nodiscard]] gcp::Outcome<gcp::Done> ensure_bucket(Context const& context,
                                                    gcp::Storage const& storage,
                                                    BucketWish const& wish);

}  // namespace aipress::backup
