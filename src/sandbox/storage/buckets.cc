#include "sandbox/storage/buckets.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <regex>

#include "sandbox/merge_patch.h"
#include "sandbox/policies.h"
#include "sandbox/projects.h"
#include "sandbox/storage/resources.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

// What only the server says.
constexpr std::array<std::string_view, 12> kOutputOnly{
    "kind",    "id",   "selfLink",       "projectNumber", "name",         "timeCreated",
    "updated", "etag", "metageneration", "location",      "locationType", "softDeleteTime"};

bool is_output_only(std::string_view field) {
    return std::find(kOutputOnly.begin(), kOutputOnly.end(), field) != kOutputOnly.end();
}

Outcome<Done> check_bucket_name(std::string const& name) {
    // https://cloud.google.com/storage/docs/buckets#naming
    static std::regex const pattern("[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]");
    static std::regex const address("\\d+\\.\\d+\\.\\d+\\.\\d+");
    if (std::regex_match(name, pattern) && !std::regex_match(name, address) &&
        !name.starts_with("goog") && name.find("..") == name.npos) {
        return Done();
    }
    return ApiError{.code = ErrorCode::InvalidArgument,
                    .message = fmt::format("Invalid bucket name: '{}'", name),
                    .legacy_reason = "invalid"};
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

json::object new_bucket(json::object const& wanted, std::string const& project_number,
                        std::string const& now) {
    json::object body{{"iamConfiguration", json::object()}, {"storageClass", "STANDARD"}};
    for (auto const& field : wanted) {
        if (!is_output_only(field.key())) body[field.key()] = field.value();
    }
    auto location = upper(text_field(wanted, "location"));
    if (location.empty()) location = "US";
    bool const is_multiple = location == "US" || location == "EU" || location == "ASIA";
    auto& iam = body["iamConfiguration"].as_object();
    json::object const off{{"enabled", false}};
    if (!iam.contains("uniformBucketLevelAccess")) iam["uniformBucketLevelAccess"] = off;
    iam["bucketPolicyOnly"] = iam["uniformBucketLevelAccess"];
    if (!iam.contains("publicAccessPrevention")) iam["publicAccessPrevention"] = "inherited";
    if (!body.contains("softDeletePolicy")) {
        body["softDeletePolicy"] =
            json::object{{"retentionDurationSeconds", "604800"}, {"effectiveTime", now}};
    }
    body["name"] = wanted.at("name");
    body["projectNumber"] = project_number;
    body["location"] = location;
    body["locationType"] = is_multiple ? "multi-region" : "region";
    if (is_multiple && !body.contains("rpo")) body["rpo"] = "DEFAULT";
    body["timeCreated"] = now;
    body["updated"] = now;
    body["metageneration"] = "1";
    return body;
}

class Buckets {
public:
    Buckets(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> insert(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    // Members that are given replace those that are there; null takes one away.
    Outcome<Reply> patch(Call& call);
    // All that is not given goes.
    Outcome<Reply> update(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> layout(Call& call);
    Outcome<Reply> lock_retention(Call& call);
    Outcome<Reply> get_policy(Call& call);
    Outcome<Reply> set_policy(Call& call);

private:
    Outcome<Reply> change(Call& call, std::function<Outcome<Done>(json::object&)> const& change);

    Store& store_;
    Clock& clock_;
};

Outcome<Reply> Buckets::insert(Call& call) {
    auto const name = text_field(call.fields(), "name");
    TRY(check_bucket_name(name));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto project = find_active_project(transaction, call.query("project"));
        if (!project.ok()) {
            return ApiError{.code = ErrorCode::InvalidArgument,
                            .message = fmt::format("Unknown project id: {}", call.query("project")),
                            .legacy_reason = "invalid"};
        }
        if (TRY(transaction.get(kBuckets, name))) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message =
                                "The requested bucket name is not available. The bucket "
                                "namespace is shared by all users of the system. Please "
                                "select a different name and try again.",
                            .legacy_reason = "conflict"};
        }
        auto const body =
            new_bucket(call.fields(), project.release().number, timestamp(clock_.wall_now()));
        TRY(transaction.insert(kBuckets, name, body));
        return reply(bucket_view(body, call.origin()));
    });
}

Outcome<Reply> Buckets::get(Call& call) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const bucket = TRY(find_bucket(transaction, call.path_parameter("bucket")));
        auto const& body = bucket.body.as_object();
        TRY(conditions.check(0, std::stoull(text_field(body, "metageneration")), "GET"));
        return reply(bucket_view(body, call.origin()));
    });
}

Outcome<Reply> Buckets::list(Call& call) {
    auto const most = TRY(call.page_size("maxResults", 1000, 1000));
    auto start = TRY(page_start(call.query("pageToken")));
    auto const prefix = call.query("prefix");
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.query("project")));
        json::array items;
        do {  // the namespace is shared by all projects
            auto const page = TRY(transaction.list(kBuckets, prefix, start, most));
            start = page.next;
            for (auto const& bucket : page.documents) {
                auto const& body = bucket.body.as_object();
                if (text_field(body, "projectNumber") != project.number) continue;
                if (items.size() == most) {
                    start = bucket.name;
                    break;
                }
                items.push_back(bucket_view(body, call.origin()));
            }
        } while (items.size() < most && !start.empty());
        json::object result{{"kind", "storage#buckets"}};
        if (!items.empty()) result["items"] = std::move(items);
        if (!start.empty()) result["nextPageToken"] = page_token(start);
        return reply(std::move(result));
    });
}

Outcome<Reply> Buckets::change(Call& call,
                               std::function<Outcome<Done>(json::object&)> const& change) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto bucket = TRY(find_bucket(transaction, call.path_parameter("bucket")));
        auto& body = bucket.body.as_object();
        auto const metageneration = std::stoull(text_field(body, "metageneration"));
        TRY(conditions.check(0, metageneration, call.request.method));
        TRY(change(body));
        body["metageneration"] = fmt::format("{}", metageneration + 1);
        body["updated"] = timestamp(clock_.wall_now());
        TRY(transaction.update(kBuckets, bucket.name, bucket.version, bucket.body));
        return reply(bucket_view(body, call.origin()));
    });
}

// A locked policy can only become longer.
Outcome<Done> check_retention(json::object const& before, json::object const& fields) {
    auto const* const policy = before.if_contains("retentionPolicy");
    auto const* const wanted = fields.if_contains("retentionPolicy");
    if (policy == nullptr || wanted == nullptr) return Done();
    auto const* const locked = policy->as_object().if_contains("isLocked");
    if (locked == nullptr || !locked->as_bool()) return Done();
    auto const period = [](json::object const& one) {
        return std::stoull("0" + text_field(one, "retentionPeriod"));
    };
    if (wanted->is_object() && period(wanted->as_object()) >= period(policy->as_object())) {
        return Done();
    }
    return ApiError{.code = ErrorCode::PermissionDenied,
                    .message = "Cannot reduce retention duration of a locked Retention Policy.",
                    .legacy_reason = "retentionPolicyNotMet"};
}

Outcome<Reply> Buckets::patch(Call& call) {
    auto const& fields = call.fields();
    return change(call, [&](json::object& body) -> Outcome<Done> {
        TRY(check_retention(body, fields));
        auto wanted = fields;
        for (auto const& field : fields) {
            if (is_output_only(field.key())) wanted.erase(field.key());
        }
        merge_patch(body, wanted);
        return Done();
    });
}

Outcome<Reply> Buckets::update(Call& call) {
    auto const& fields = call.fields();
    return change(call, [&](json::object& body) -> Outcome<Done> {
        TRY(check_retention(body, fields));
        json::object kept;
        for (auto const& field : body) {
            if (is_output_only(field.key()) || field.key() == "iamConfiguration" ||
                field.key() == "storageClass") {
                kept[field.key()] = field.value();
            }
        }
        for (auto const& field : fields) {
            if (!is_output_only(field.key())) kept[field.key()] = field.value();
        }
        body = std::move(kept);
        return Done();
    });
}

Outcome<Reply> Buckets::remove(Call& call) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const bucket = TRY(find_bucket(transaction, call.path_parameter("bucket")));
        auto const metageneration = text_field(bucket.body.as_object(), "metageneration");
        TRY(conditions.check(0, std::stoull(metageneration), call.request.method));
        for (auto const collection : {kObjects, kOldObjects}) {
            auto const page = TRY(transaction.list(collection, object_key(bucket.name, ""), "", 1));
            if (page.documents.empty()) continue;
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = "The bucket you tried to delete is not empty.",
                            .legacy_reason = "conflict"};
        }
        TRY(transaction.remove(kBuckets, bucket.name));
        http::Response response;
        response.status = 204;
        return Reply(std::move(response));
    });
}

Outcome<Reply> Buckets::layout(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const bucket = TRY(find_bucket(transaction, call.path_parameter("bucket")));
        auto const& body = bucket.body.as_object();
        return reply(json::object{{"kind", "storage#storageLayout"},
                                  {"bucket", bucket.name},
                                  {"location", body.at("location")},
                                  {"locationType", body.at("locationType")},
                                  {"hierarchicalNamespace", json::object{{"enabled", false}}}});
    });
}

Outcome<Reply> Buckets::lock_retention(Call& call) {
    if (call.query("ifMetagenerationMatch").empty()) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = "Required parameter: ifMetagenerationMatch",
                        .legacy_reason = "required"};
    }
    return change(call, [](json::object& body) -> Outcome<Done> {
        auto* const policy = body.if_contains("retentionPolicy");
        if (policy == nullptr) {
            return ApiError{.code = ErrorCode::InvalidArgument,
                            .message = "The bucket has no retention policy to lock.",
                            .legacy_reason = "invalid"};
        }
        policy->as_object()["isLocked"] = true;
        return Done();
    });
}

json::value policy_view(json::value policy, std::string const& bucket) {
    auto& fields = policy.as_object();
    fields["kind"] = "storage#policy";
    fields["resourceId"] = "projects/_/buckets/" + bucket;
    return policy;
}

Outcome<Reply> Buckets::get_policy(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const bucket = TRY(find_bucket(transaction, call.path_parameter("bucket")));
        auto policy = TRY(sandbox::get_policy(transaction, "buckets/" + bucket.name));
        return reply(policy_view(std::move(policy), bucket.name));
    });
}

Outcome<Reply> Buckets::set_policy(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const bucket = TRY(find_bucket(transaction, call.path_parameter("bucket")));
        auto policy = call.fields();
        policy.erase("kind");
        policy.erase("resourceId");
        auto set = sandbox::set_policy(transaction, "buckets/" + bucket.name, std::move(policy));
        if (!set.ok()) {
            auto error = set.release_error();
            error.http_status = 412;
            error.legacy_reason = "conditionNotMet";
            return error;
        }
        return reply(policy_view(set.release(), bucket.name));
    });
}

}  // namespace

void serve_buckets(Methods& methods, Store& store, Clock& clock) {
    auto const buckets = std::make_shared<Buckets>(store, clock);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("storage.buckets.{}", verb), "v1", handler);
    };
    serve("insert", [=](Call& call) { return buckets->insert(call); });
    serve("get", [=](Call& call) { return buckets->get(call); });
    serve("list", [=](Call& call) { return buckets->list(call); });
    serve("patch", [=](Call& call) { return buckets->patch(call); });
    serve("update", [=](Call& call) { return buckets->update(call); });
    serve("delete", [=](Call& call) { return buckets->remove(call); });
    serve("getStorageLayout", [=](Call& call) { return buckets->layout(call); });
    serve("lockRetentionPolicy", [=](Call& call) { return buckets->lock_retention(call); });
    serve("getIamPolicy", [=](Call& call) { return buckets->get_policy(call); });
    serve("setIamPolicy", [=](Call& call) { return buckets->set_policy(call); });
    serve("testIamPermissions", [](Call& call) {
        json::array granted;
        for (auto const& [name, value] : call.request.parameters) {
            if (name == "permissions") granted.emplace_back(value);
        }
        return reply(json::object{{"kind", "storage#testIamPermissionsResponse"},
                                  {"permissions", std::move(granted)}});
    });
}

}  // namespace aipress::sandbox
