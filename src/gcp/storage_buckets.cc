#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/storage.h"
#include "gcp/storage_paths.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

constexpr char const* kBucketChanges = "buckets";  // the quota group: one in two seconds

}  // namespace

Outcome<json::object> Storage::get_bucket(Context const& context, std::string const& bucket) const {
    return connection_.call(context, {.api = kStorageApi, .path = bucket_path(bucket)});
}

Outcome<Done> Storage::list_buckets(Context const& context, std::string const& project,
                                    Connection::Visitor const& visit) const {
    return connection_.for_each(context,
                                {.api = kStorageApi,
                                 .path = "/storage/v1/b",
                                 .query = {{"project", project}, {"maxResults", "1000"}}},
                                "items", visit);
}

Outcome<json::object> Storage::create_bucket(Context const& context, std::string const& project,
                                             json::object bucket) const {
    auto const name = text_of(bucket, "name");
    // A bucket of somebody else's is not to be seen (403), or is in another project.
    auto const check = [this, name,
                        project](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = get_bucket(during, name);
        if (found.ok()) {
            std::optional<json::object> own;
            if (TRY(is_of_project(during, *found, project))) own = found.release();
            return own;
        }
        auto const code = found.error().code();
        if (code == ErrorCode::NotFound || code == ErrorCode::PermissionDenied) {
            return std::optional<json::object>();
        }
        return found.release_error();
    };
    return connection_.call(context, {.api = kStorageApi,
                                      .method = "POST",
                                      .path = "/storage/v1/b",
                                      .query = {{"project", project}},
                                      .body = std::move(bucket),
                                      .check = check,
                                      .quota_group = kBucketChanges});
}

// By the project's own list, for a bucket tells its project's number and not its id.
Outcome<bool> Storage::is_of_project(Context const& context, json::object const& bucket,
                                     std::string const& project) const {
    auto const name = text_of(bucket, "name");
    bool is_there = false;
    TRY(connection_.for_each(context,
                             {.api = kStorageApi,
                              .path = "/storage/v1/b",
                              .query = {{"project", project}, {"prefix", name}}},
                             "items", [&](json::object const& listed) -> Outcome<Done> {
                                 is_there = is_there || text_of(listed, "name") == name;
                                 return Done();
                             }));
    return is_there;
}

Outcome<json::object> Storage::patch_bucket(Context const& context, std::string const& bucket,
                                            json::object fields,
                                            std::int64_t metageneration) const {
    // After a lost answer: what it wanted is there, whoever wrote it.
    auto const check = [this, bucket,
                        fields](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = TRY(get_bucket(during, bucket));
        for (auto const& [name, value] : fields) {
            auto const* const there = found.if_contains(name);
            bool const is_so = there == nullptr ? value.is_null() : *there == value;
            if (!is_so) return std::optional<json::object>();
        }
        return std::optional<json::object>(std::move(found));
    };
    return connection_.call(
        context, {.api = kStorageApi,
                  .method = "PATCH",
                  .path = bucket_path(bucket),
                  .query = {{"ifMetagenerationMatch", fmt::format("{}", metageneration)}},
                  .body = fields,
                  .idempotent = Idempotent::Yes,
                  .check = check});
}

Outcome<Done> Storage::delete_bucket(Context const& context, std::string const& bucket) const {
    auto const check = [this,
                        bucket](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = get_bucket(during, bucket);
        if (found.ok()) return std::optional<json::object>();
        if (found.error().code() == ErrorCode::NotFound) return std::optional(json::object());
        return found.release_error();
    };
    auto const deleted = connection_.call(context, {.api = kStorageApi,
                                                    .method = "DELETE",
                                                    .path = bucket_path(bucket),
                                                    .idempotent = Idempotent::Yes,
                                                    .check = check,
                                                    .quota_group = kBucketChanges});
    if (!deleted.ok() && deleted.error().code() != ErrorCode::NotFound) return deleted.error();
    return Done();
}

Outcome<Done> Storage::change_bucket_policy(
    Context const& context, std::string const& bucket,
    std::function<bool(json::object&)> const& change) const {
    auto const path = bucket_path(bucket) + "/iam";
    PolicyCalls const calls{
        .read = {.api = kStorageApi,
                 .path = path,
                 .query = {{"optionsRequestedPolicyVersion", "3"}}},
        .write = [path](json::object const& policy) {
            return Call{.api = kStorageApi, .method = "PUT", .path = path, .body = policy};
        }};
    TRY(change_policy(connection_, context, calls, change));
    return Done();
}

Outcome<Done> Storage::grant(Context const& context, std::string const& bucket,
                             IamBinding const& binding) const {
    return change_bucket_policy(context, bucket,
                                [&](json::object& policy) { return add_binding(policy, binding); });
}

Outcome<Done> Storage::revoke(Context const& context, std::string const& bucket,
                              IamBinding const& binding) const {
    return change_bucket_policy(
        context, bucket, [&](json::object& policy) { return remove_binding(policy, binding); });
}

}  // namespace aipress::gcp
