#include "sandbox/storage/object_changes.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/utf8.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 12> kWritable{
    "contentType",    "contentEncoding", "contentDisposition", "contentLanguage",
    "cacheControl",   "metadata",        "customTime",         "storageClass",
    "eventBasedHold", "temporaryHold",   "retention",          "acl"};

// Some are from header fields, which may be of any bytes.
Outcome<Done> check_fields(json::object const& fields) {
    if (is_utf8(json::serialize(fields))) return Done();
    return ApiError{.code = ErrorCode::InvalidArgument,
                    .message = "The object's metadata is not valid UTF-8.",
                    .legacy_reason = "invalid"};
}

Outcome<Done> check_name(std::string const& name) {
    bool const is_bad = name.empty() || name.size() > limits::kObjectNameBytes || name == "." ||
                        name == ".." || name.find_first_of("\r\n") != name.npos || !is_utf8(name);
    if (!is_bad) return Done();
    return ApiError{.code = ErrorCode::InvalidArgument,
                    .message = fmt::format("Invalid object name: '{}': 1 to 1024 bytes of UTF-8, "
                                           "neither '.' nor '..', no line breaks",
                                           is_utf8(name) ? name : encode_segment(name)),
                    .legacy_reason = "invalid"};
}

Outcome<Done> check_checksums(json::object const& fields, Blob const& blob) {
    auto const differs = [&](std::string_view field, std::string_view own) {
        auto const given = text_field(fields, field);
        return !given.empty() && !own.empty() && given != own;
    };
    for (auto const& [field, own] :
         {std::pair("md5Hash", &blob.md5), std::pair("crc32c", &blob.crc32c)}) {
        if (!differs(field, *own)) continue;
        return ApiError{
            .code = ErrorCode::InvalidArgument,
            .message = fmt::format("Provided {} hash \"{}\" doesn't match calculated "
                                   "hash \"{}\".",
                                   field == std::string_view("crc32c") ? "CRC32C" : "MD5",
                                   text_field(fields, field), *own),
            .legacy_reason = "invalid"};
    }
    return Done();
}

std::uint64_t seconds_of(std::string const& text) {
    return std::stoull("0" + text.substr(0, text.find_first_not_of("0123456789")));
}

// Errors: 403 while something holds the object.
Outcome<Done> check_removable(Document const& bucket, StoredObject const& object, WallTime now) {
    auto const held = [&](std::string_view hold) {
        auto const* const value = object.body().if_contains(hold);
        return value != nullptr && value->is_bool() && value->get_bool();
    };
    bool kept = held("temporaryHold") || held("eventBasedHold");
    if (auto const* const policy = bucket.body.as_object().if_contains("retentionPolicy")) {
        auto const period = seconds_of(text_field(policy->as_object(), "retentionPeriod"));
        // Both are written the same way, so their order is that of the times.
        auto const oldest = timestamp(now - std::chrono::seconds(period));
        kept = kept || text_field(object.body(), "timeCreated") > oldest;
    }
    if (!kept) return Done();
    return ApiError{
        .code = ErrorCode::PermissionDenied,
        .message = fmt::format("Object '{}/{}' is subject to bucket's retention policy or object "
                               "retention and cannot be deleted or overwritten.",
                               bucket.name, text_field(object.body(), "name")),
        .legacy_reason = "retentionPolicyNotMet"};
}

bool is_versioned(Document const& bucket) {
    auto const* const versioning = bucket.body.as_object().if_contains("versioning");
    if (versioning == nullptr) return false;
    auto const* const enabled = versioning->as_object().if_contains("enabled");
    return enabled != nullptr && enabled->as_bool();
}

}  // namespace

Outcome<Done> check_new_object(std::string const& name, json::object const& fields) {
    TRY(check_name(name));
    return check_fields(fields);
}

bool is_writable(std::string_view field) {
    return std::find(kWritable.begin(), kWritable.end(), field) != kWritable.end();
}

void copy_writable(json::object const& from, json::object& to) {
    for (auto const& field : from) {
        if (is_writable(field.key()) && !field.value().is_null()) to[field.key()] = field.value();
    }
}

std::uint64_t ObjectChanges::next_generation() {
    auto const now = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(clock_.wall_now().time_since_epoch())
            .count());
    return last_generation_ = std::max(now, last_generation_ + 1);
}

void ObjectChanges::free(std::vector<std::string> const& blobs) const {
    for (auto const& blob : blobs) blobs_.remove(blob);
}

Outcome<Done> ObjectChanges::retire(Transaction& transaction, Document const& bucket,
                                    StoredObject& object, std::vector<std::string>& freed) {
    TRY(check_removable(bucket, object, clock_.wall_now()));
    auto const name = text_field(object.body(), "name");
    auto const generation = object.generation();
    TRY(transaction.remove(object.is_live ? kObjects : kOldObjects, object.document.name));
    if (object.is_live && is_versioned(bucket)) {
        object.body()["timeDeleted"] = timestamp(clock_.wall_now());
        TRY(transaction.insert(kOldObjects, old_object_key(bucket.name, name, generation),
                               object.document.body));
    } else {
        freed.push_back(object.blob().id);
    }
    return Done();
}

Outcome<json::object> ObjectChanges::put(NewObject const& object, Preconditions const& conditions,
                                         Also const& also) {
    std::vector<std::string> freed;
    auto stored =
        write<json::object>(store_, [&](Transaction& transaction) -> Outcome<json::object> {
            freed.clear();
            TRY(check_new_object(object.name, object.fields));
            TRY(check_checksums(object.fields, object.blob));
            auto const bucket = TRY(find_bucket(transaction, object.bucket));
            auto live = TRY(find_object(transaction, object.bucket, object.name, ""));
            TRY(conditions.check(live, "POST"));
            if (live) TRY(retire(transaction, bucket, *live, freed));
            auto const now = timestamp(clock_.wall_now());
            json::object body{{"bucket", object.bucket},
                              {"name", object.name},
                              {"generation", fmt::format("{}", next_generation())},
                              {"metageneration", "1"},
                              {"storageClass", bucket.body.at("storageClass")},
                              {"timeCreated", now},
                              {"updated", now},
                              {"timeStorageClassUpdated", now},
                              {"timeFinalized", now},
                              {"size", fmt::format("{}", object.blob.size)},
                              {"crc32c", object.blob.crc32c},
                              {"blob", object.blob.id}};
            if (!object.blob.md5.empty()) body["md5Hash"] = object.blob.md5;
            if (object.components > 0) body["componentCount"] = object.components;
            copy_writable(object.fields, body);
            TRY(transaction.insert(kObjects, object_key(object.bucket, object.name), body));
            if (also) TRY(also(transaction, body));
            return body;
        });
    if (stored.ok()) {
        free(freed);
    } else {
        blobs_.remove(object.blob.id);
    }
    return stored;
}

Outcome<Done> ObjectChanges::remove(std::string const& bucket_name, std::string const& name,
                                    std::string const& generation,
                                    Preconditions const& conditions) {
    std::vector<std::string> freed;
    auto removed = write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        freed.clear();
        auto bucket = TRY(find_bucket(transaction, bucket_name));
        auto object = TRY(find_object(transaction, bucket_name, name, generation));
        if (!object) return no_such_object(bucket_name, name);
        TRY(conditions.check(object, "DELETE"));
        // With its generation named it is deleted for good.
        if (!generation.empty()) bucket.body.as_object().erase("versioning");
        return retire(transaction, bucket, *object, freed);
    });
    if (removed.ok()) free(freed);
    return removed;
}

Outcome<json::object> ObjectChanges::change(
    std::string const& bucket, std::string const& name, std::string const& generation,
    Preconditions const& conditions, std::string_view verb,
    std::function<Outcome<Done>(json::object&)> const& change) {
    return write<json::object>(store_, [&](Transaction& transaction) -> Outcome<json::object> {
        TRY(find_bucket(transaction, bucket));
        auto object = TRY(find_object(transaction, bucket, name, generation));
        if (!object) return no_such_object(bucket, name);
        TRY(conditions.check(object, verb));
        auto const metageneration = object->metageneration();
        TRY(change(object->body()));
        object->body()["metageneration"] = fmt::format("{}", metageneration + 1);
        object->body()["updated"] = timestamp(clock_.wall_now());
        TRY(transaction.update(object->is_live ? kObjects : kOldObjects, object->document.name,
                               object->document.version, object->document.body));
        return object->body();
    });
}

}  // namespace aipress::sandbox
