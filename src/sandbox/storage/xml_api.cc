#include "sandbox/storage/xml_api.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "sandbox/storage/public_access.h"
#include "sandbox/storage/signed_url.h"
#include "sandbox/storage/xml_asked.h"
#include "sandbox/storage/xml_errors.h"

namespace aipress::sandbox {
namespace {

// Of the API's that this server does not serve: what a bucket or an object has beside its bytes,
// and uploads in parts.
std::optional<std::string> subresource_of(http::Request const& request) {
    constexpr std::array<std::string_view, 18> kSubresources{
        "acl",        "billing",          "compose",      "cors",     "defaultObjectAcl",
        "encryption", "encryptionConfig", "lifecycle",    "location", "logging",
        "partNumber", "retention",        "storageClass", "tagging",  "uploadId",
        "uploads",    "versioning",       "websiteConfig"};
    for (auto const& [name, value] : request.parameters) {
        bool const is_one =
            std::find(kSubresources.begin(), kSubresources.end(), name) != kSubresources.end();
        if (is_one) return name;
    }
    return std::nullopt;
}

Outcome<std::string> principal_of(http::Request const& request, std::string const& bucket,
                                  Store const& store, Credentials& credentials, WallTime now) {
    if (is_signed_url(request)) return signer_of(request, bucket, store, now);
    auto principal = credentials.principal_of(request);
    if (principal.ok()) return principal.release();
    return xml_error("AuthenticationRequired", principal.release_error().message);
}

}  // namespace

std::optional<Answered> XmlApi::answer(http::Request const& request, http::BodyReader& body,
                                       bool is_method) {
    auto const is_bucket = [&](std::string const& name) {
        return read<Document>(
                   parts_.store,
                   [&](Transaction& transaction) { return find_bucket(transaction, name); })
            .ok();
    };
    auto target = xml_target(request, is_method, is_bucket);
    if (!target) return std::nullopt;
    Asked asked{.request = request, .body = body, .target = std::move(*target)};
    auto outcome = caught<http::Response>([&] { return serve(asked); });
    Answered answered;
    if (outcome.ok()) {
        answered.response = outcome.release();
    } else {
        auto const error = outcome.release_error();
        answered.response = xml_error_response(error);
        answered.error = fmt::format("{} {}", error.legacy_reason, error.message);
    }
    answered.method = std::move(asked.method);
    answered.principal = std::move(asked.principal);
    answered.fault = asked.fault;
    // A browser shows a script an error too only where it may see it.
    if (request.headers.find("Origin")) {
        auto bucket = bucket_of(asked);
        if (bucket.ok()) add_cors_headers(bucket.release(), request, answered.response);
    }
    return answered;
}

// What is named ends in XML, and in the journal's JSON.
Outcome<Done> XmlApi::check_characters(Asked const& asked) {
    bool const is_text =
        std::all_of(asked.request.parameters.begin(), asked.request.parameters.end(),
                    [](auto const& parameter) {
                        return is_utf8(parameter.first) && is_utf8(parameter.second);
                    });
    if (is_text && is_utf8(asked.target.bucket) && is_utf8(asked.target.object)) return Done();
    return xml_error("InvalidArgument", "The request's path or query is not valid UTF-8.");
}

Outcome<Document> XmlApi::bucket_of(Asked const& asked) const {
    return read<Document>(parts_.store, [&](Transaction& transaction) -> Outcome<Document> {
        auto bucket = TRY(transaction.get(kBuckets, asked.target.bucket));
        if (bucket) return std::move(*bucket);
        return xml_error("NoSuchBucket", "");
    });
}

Outcome<bool> XmlApi::is_public(Asked const& asked, StoredObject const* object,
                                std::string_view permission) const {
    return read<bool>(parts_.store, [&](Transaction& transaction) -> Outcome<bool> {
        auto const bucket = TRY(find_bucket(transaction, asked.target.bucket));
        return may_everyone(transaction, bucket, object, permission);
    });
}

Outcome<Done> XmlApi::check_access(Asked const& asked, std::string_view permission) const {
    if (!asked.principal.empty()) return Done();
    auto const& [bucket, name] = asked.target;
    auto const object =
        TRY(read<std::optional<StoredObject>>(parts_.store, [&](Transaction& transaction) {
            auto const generation = std::string(asked.request.parameter("generation").value_or(""));
            return find_object(transaction, bucket, name, generation);
        }));
    // Who may not list the bucket is not told which objects there are.
    bool const is_hidden = !object && permission == "storage.objects.get" &&
                           !TRY(is_public(asked, nullptr, "storage.objects.list"));
    auto const* const found = object ? &*object : nullptr;
    if (!is_hidden && TRY(is_public(asked, found, permission))) return Done();
    return xml_error("AccessDenied",
                     fmt::format("Anonymous caller does not have {0} access to the Google Cloud "
                                 "Storage {1}. Permission '{0}' denied on resource (or it may not "
                                 "exist).",
                                 permission, name.empty() ? "bucket" : "object"));
}

Outcome<Done> XmlApi::admit(Asked& asked, std::string_view name, std::string_view like) {
    asked.method = fmt::format("storage.xml.{}", name);
    auto const* const method = parts_.catalogue.find(like);
    ASSERT(method != nullptr);
    PathParameters path{{"bucket", asked.target.bucket}};
    if (!asked.target.object.empty()) path.emplace("object", asked.target.object);
    if (auto const* const met = parts_.faults.next(*method, path)) {
        auto refusal = refusal_of(*met, method->api->service);
        if (refusal || is_of_answer(met->kind)) asked.fault = met;
        if (refusal) return std::move(*refusal);
    }
    return parts_.admission({.request = asked.request,
                             .body = asked.body,
                             .method = *method,
                             .path = path,
                             .content = {},
                             .principal = asked.principal});
}

Outcome<http::Response> XmlApi::serve(Asked& asked) {
    auto const& request = asked.request;
    bool const is_read = request.method == "GET" || request.method == "HEAD";
    if (asked.target.bucket.empty()) {
        asked.method = "storage.xml.listBuckets";
        return xml_error("NotImplemented", "This server lists buckets by the JSON API only.");
    }
    TRY(check_characters(asked));
    TRY(bucket_of(asked));
    if (request.method == "OPTIONS") {
        asked.method = "storage.xml.preflight";
        return http::Response();
    }
    // An upload that has begun is known by an id that cannot be guessed.
    if (auto const upload = request.parameter("upload_id")) {
        TRY(admit(asked, "upload", "storage.objects.insert"));
        return go_on(asked, std::string(*upload));
    }
    asked.principal = TRY(principal_of(request, asked.target.bucket, parts_.store,
                                       parts_.credentials, parts_.clock.wall_now()));
    if (auto const subresource = subresource_of(request)) {
        asked.method = "storage.xml." + *subresource;
        return xml_error("NotImplemented",
                         fmt::format("This server does not serve '{}' by the XML API: use the JSON "
                                     "API.",
                                     *subresource));
    }
    if (!asked.target.object.empty()) return serve_object(asked);
    if (is_read) {
        TRY(admit(asked, "list", "storage.objects.list"));
        return list(asked);
    }
    return xml_error("NotImplemented", "This server changes buckets by the JSON API only.");
}

Outcome<http::Response> XmlApi::serve_object(Asked& asked) {
    auto const& verb = asked.request.method;
    bool const begins = http::equal_ignoring_case(
        asked.request.headers.find("x-goog-resumable").value_or(""), "start");
    if (verb == "GET" || verb == "HEAD") {
        TRY(admit(asked, "get", "storage.objects.get"));
        return get(asked);
    }
    if (verb == "DELETE") {
        TRY(admit(asked, "delete", "storage.objects.delete"));
        return remove(asked);
    }
    if (begins && (verb == "POST" || verb == "PUT")) {
        TRY(admit(asked, "startUpload", "storage.objects.insert"));
        return begin_upload(asked);
    }
    if (verb == "PUT") {
        TRY(admit(asked, "put", "storage.objects.insert"));
        return put(asked);
    }
    return xml_error("MethodNotAllowed", fmt::format("{} is no method of an object's.", verb));
}

}  // namespace aipress::sandbox
