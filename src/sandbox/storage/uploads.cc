#include "sandbox/storage/uploads.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "sandbox/limits.h"
#include "sandbox/storage/multipart.h"
#include "sandbox/storage/public_access.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kPiece = 1u << 20;

// The object's resource as the client describes it, checked like any other body.
Outcome<json::object> parse_resource(Method const& method, std::string_view text) {
    if (text.find_first_not_of(" \r\n\t") == text.npos) return json::object();
    boost::system::error_code failure;
    auto resource = json::parse(text, failure);
    if (failure) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = "Parse Error: " + failure.message(),
                        .legacy_reason = "parseError"};
    }
    auto const& shapes = method.api->shapes;
    auto const violations = check_shape(shapes, shapes.find("Object")->second, resource);
    if (!violations.empty()) return invalid_body(violations);
    drop_nulls(resource);
    return std::move(resource.as_object());
}

Outcome<std::string> name_of(Call const& call, json::object const& fields) {
    auto name = call.query("name");
    if (name.empty()) name = text_field(fields, "name");
    if (!name.empty()) return name;
    return ApiError{.code = ErrorCode::InvalidArgument,
                    .message = "Required parameter: name",
                    .legacy_reason = "required"};
}

// Of the ACLs that have a name, the one that lets everyone read; who asks has all rights anyway.
void add_predefined_acl(Call const& call, json::object& fields) {
    if (call.query("predefinedAcl") == "publicRead") fields["acl"] = public_read_acl();
}

class Uploads {
public:
    Uploads(Blobs const& blobs, ObjectChanges& changes, ResumableUploads& resumable)
        : blobs_(blobs), changes_(changes), resumable_(resumable) {}

    Outcome<Reply> insert(Call& call);

private:
    Outcome<Reply> simple(Call& call);
    Outcome<Reply> multipart(Call& call);
    Outcome<Reply> start_resumable(Call& call);
    Outcome<Reply> go_on(Call& call, std::string const& id);
    Outcome<Reply> put(Call& call, json::object fields, BlobWriter& writer);

    Blobs const& blobs_;
    ObjectChanges& changes_;
    ResumableUploads& resumable_;
};

Outcome<Reply> Uploads::put(Call& call, json::object fields, BlobWriter& writer) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    add_predefined_acl(call, fields);
    ObjectChanges::NewObject object{
        .bucket = call.path_parameter("bucket"), .name = {}, .blob = {}};
    object.name = TRY(name_of(call, fields));
    object.fields = std::move(fields);
    object.blob = TRY(writer.finish());
    auto const stored = TRY(changes_.put(object, conditions));
    return reply(object_view(stored, call.origin()));
}

Outcome<Reply> Uploads::simple(Call& call) {
    auto writer = TRY(blobs_.create());
    auto const length = call.request.content_length.value_or(kPiece);
    std::vector<char> buffer(std::clamp<std::size_t>(length, 1, kPiece));
    while (auto const count = TRY(call.body.read(buffer))) {
        TRY(writer.add({buffer.data(), count}));
    }
    json::object fields;
    if (auto const type = call.request.headers.find("Content-Type")) fields["contentType"] = *type;
    if (auto const coding = call.query("contentEncoding"); !coding.empty()) {
        fields["contentEncoding"] = coding;
    }
    return put(call, std::move(fields), writer);
}

Outcome<Reply> Uploads::multipart(Call& call) {
    auto const boundary = TRY(boundary_of(call.request.headers.find("Content-Type").value_or("")));
    auto writer = TRY(blobs_.create());
    auto const parts = TRY(read_related(call.body, boundary,
                                        [&](std::string_view piece) { return writer.add(piece); }));
    auto fields = TRY(parse_resource(call.method, parts.json));
    if (!fields.contains("contentType") && !parts.content_type.empty()) {
        fields["contentType"] = parts.content_type;
    }
    return put(call, std::move(fields), writer);
}

Outcome<Reply> Uploads::start_resumable(Call& call) {
    auto const text = TRY(call.body.read_all(limits::kMetadataBytes));
    auto fields = TRY(parse_resource(call.method, text));
    auto const type = call.request.headers.find("X-Upload-Content-Type");
    if (type && !fields.contains("contentType")) fields["contentType"] = *type;
    auto const name = TRY(name_of(call, fields));
    add_predefined_acl(call, fields);
    auto const id = TRY(resumable_.start({.bucket = call.path_parameter("bucket"),
                                          .name = name,
                                          .fields = std::move(fields),
                                          .conditions = call.request.parameters}));
    return Reply(begun_response(call.request, call.request.query, id));
}

Outcome<Reply> Uploads::go_on(Call& call, std::string const& id) {
    if (call.request.method == "DELETE") {
        TRY(resumable_.cancel(id));
        http::Response response;
        response.status = 499;
        return Reply(std::move(response));
    }
    auto const progress = TRY(resumable_.resume(call.request, call.body, id));
    if (!progress.object) return Reply(incomplete_response(progress.size));
    return reply(object_view(*progress.object, call.origin()));
}

Outcome<Reply> Uploads::insert(Call& call) {
    if (auto const id = call.query("upload_id"); !id.empty()) {
        return go_on(call, id);
    }
    auto const type = call.query("uploadType");
    if (call.is_upload && type == "media") return simple(call);
    if (call.is_upload && type == "multipart") return multipart(call);
    if (call.is_upload && type == "resumable") return start_resumable(call);
    return ApiError{.code = ErrorCode::InvalidArgument,
                    .message = fmt::format("Invalid upload type '{}': expected media, multipart "
                                           "or resumable, at /upload/storage/v1/b/BUCKET/o",
                                           type),
                    .legacy_reason = "wrongUrlForUpload"};
}

}  // namespace

void serve_uploads(Methods& methods, Blobs const& blobs, ObjectChanges& changes,
                   ResumableUploads& resumable) {
    auto const uploads = std::make_shared<Uploads>(blobs, changes, resumable);
    methods.serve("storage.objects.insert", "v1",
                  [=](Call& call) { return uploads->insert(call); });
}

}  // namespace aipress::sandbox
