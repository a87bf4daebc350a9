#include "backup/folder.h"

#include <fmt/format.h>
#include <vector>

#include "backup/limits.h"
#include "base/sha256.h"
#include "gcp/fields.h"
#include "http/checksums.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using gcp::Done;
using gcp::Object;
using gcp::Outcome;

}  // namespace

std::string Folder::url(std::string_view name) const {
    return fmt::format("gs://{}/{}{}", bucket_, prefix_, name);
}

Outcome<std::optional<Object>> Folder::find(Context const& context, std::string_view name) const {
    auto found = storage_.get_object(context, bucket_, full_name(name));
    if (found.ok()) return std::optional<Object>(found.release());
    if (found.error().code() == ErrorCode::NotFound) return std::optional<Object>();
    return found.release_error();
}

Outcome<std::optional<std::string>> Folder::read(Context const& context, std::string_view name,
                                                 std::size_t most) const {
    auto const object = TRY(find(context, name));
    if (!object) return std::optional<std::string>();
    if (object->size > most) {
        return Error(ErrorCode::DataLoss, fmt::format("{} has {} bytes, and {} at most are read",
                                                      url(name), object->size, most));
    }
    std::string bytes;
    TRY(storage_.read_bytes(context, *object, [&](std::string_view piece) -> Outcome<Done> {
        bytes += piece;
        return Done();
    }));
    return std::optional(std::move(bytes));
}

Outcome<Object> Folder::put(Context const& context, std::string_view name,
                            std::string const& content_type, std::string_view bytes) const {
    http::Checksums sums;
    sums.add(bytes);
    gcp::NewObject made{.bucket = bucket_, .name = full_name(name), .content_type = content_type};
    if (auto found = TRY(find(context, name))) {
        if (found->size == bytes.size() && found->crc32c == sums.crc32c()) return *found;
        made.expected = found->generation;
    }
    return storage_.insert_object(context, made, bytes);
}

Outcome<Done> Folder::remove_all(Context const& context, std::string_view beginning) const {
    std::vector<Object> all;
    TRY(storage_.list_objects(context, {.bucket = bucket_, .prefix = full_name(beginning)},
                              [&](Object const& object) -> Outcome<Done> {
                                  all.push_back(object);
                                  return Done();
                              }));
    for (auto const& object : all) {
        TRY(storage_.delete_object(context, bucket_, object.name, object.generation));
    }
    return Done();
}

Outcome<Sums> Folder::sum(Context const& context, Object const& object) const {
    Sha256 sha256;
    TRY(storage_.read_bytes(context, object, [&](std::string_view piece) -> Outcome<Done> {
        sha256.add(piece);
        return Done();
    }));
    return Sums{.size = object.size, .crc32c = object.crc32c, .sha256 = sha256.hex()};
}

Outcome<Done> ensure_bucket(Context const& context, gcp::Storage const& storage,
                            BucketWish const& wish) {
    auto found = storage.get_bucket(context, wish.name);
    if (!found.ok()) {
        if (found.error().code() != ErrorCode::NotFound) return found.release_error();
        json::object access{{"uniformBucketLevelAccess", {{"enabled", true}}},
                            {"publicAccessPrevention", "enforced"}};
        json::object bucket{{"name", wish.name},
                            {"storageClass", "STANDARD"},
                            {"iamConfiguration", std::move(access)},
                            {"labels", {{"aipress-role", "migration-backups"}}}};
        if (!wish.location.empty()) bucket["location"] = wish.location;
        auto made = storage.create_bucket(context, wish.project, std::move(bucket));
        if (made.ok()) return Done();
        // Another backup's process has made it meanwhile; or it is somebody else's, which the next
        // look shows.
        if (made.error().code() != ErrorCode::AlreadyExists) return made.release_error();
        found = storage.get_bucket(context, wish.name);
        if (!found.ok()) return found.release_error();
    }
    auto const* const access = gcp::object_of(*found, "iamConfiguration");
    auto const* const uniform =
        access == nullptr ? nullptr : gcp::object_of(*access, "uniformBucketLevelAccess");
    if (uniform != nullptr && gcp::bool_of(*uniform, "enabled")) return Done();
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("gs://{} has no uniform bucket-level access, so backups in it may be "
                             "open to others: gcloud storage buckets update gs://{} "
                             "--uniform-bucket-level-access",
                             wish.name, wish.name));
}

}  // namespace aipress::backup
