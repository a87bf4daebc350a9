#include "sandbox/storage/objects.h"

#include <fmt/format.h>
#include <memory>

#include "sandbox/limits.h"
#include "sandbox/merge_patch.h"
#include "sandbox/storage/media.h"
#include "sandbox/storage/object_list.h"
#include "sandbox/storage/object_reads.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

class Objects {
public:
    Objects(Store const& store, Blobs const& blobs, ObjectChanges& changes)
        : store_(store), blobs_(blobs), reads_(store, blobs), changes_(changes) {}

    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call) { return list_objects(store_, call); }
    Outcome<Reply> patch(Call& call);
    Outcome<Reply> update(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> compose(Call& call);
    Outcome<Reply> copy(Call& call);
    Outcome<Reply> rewrite(Call& call);
    Outcome<Reply> move(Call& call);

private:
    struct Copied {
        json::object source;
        json::object copy;
    };
    Outcome<Copied> copy_object(Call& call, std::string const& source_bucket,
                                std::string const& bucket, std::string const& name);

    Store const& store_;
    Blobs const& blobs_;
    ObjectReads const reads_;
    ObjectChanges& changes_;
};

Outcome<Reply> Objects::get(Call& call) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    auto const& bucket = call.path_parameter("bucket");
    auto const& name = call.path_parameter("object");
    auto const generation = call.query("generation");
    if (call.query("alt") == "media") {
        auto [object, bytes] = TRY(reads_.open(bucket, name, generation, conditions, "GET"));
        return Reply(
            TRY(media_response(object, std::move(bytes), call.request, media_headers(object))));
    }
    auto const object = TRY(reads_.find(bucket, name, generation, conditions, "GET"));
    return reply(object_view(object.body(), call.origin()));
}

Outcome<Reply> Objects::patch(Call& call) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    json::object wanted;
    for (auto const& field : call.fields()) {
        if (is_writable(field.key())) wanted[field.key()] = field.value();
    }
    auto const body = TRY(changes_.change(
        call.path_parameter("bucket"), call.path_parameter("object"), call.query("generation"),
        conditions, call.request.method, [&](json::object& object) -> Outcome<Done> {
            merge_patch(object, wanted);
            return Done();
        }));
    return reply(object_view(body, call.origin()));
}

Outcome<Reply> Objects::update(Call& call) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    auto const body = TRY(changes_.change(
        call.path_parameter("bucket"), call.path_parameter("object"), call.query("generation"),
        conditions, call.request.method, [&](json::object& object) -> Outcome<Done> {
            json::object kept;
            for (auto const& field : object) {
                bool const is_kept = !is_writable(field.key()) || field.key() == "storageClass";
                if (is_kept) kept[field.key()] = field.value();
            }
            copy_writable(call.fields(), kept);
            object = std::move(kept);
            return Done();
        }));
    return reply(object_view(body, call.origin()));
}

Outcome<Reply> Objects::remove(Call& call) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    TRY(changes_.remove(call.path_parameter("bucket"), call.path_parameter("object"),
                        call.query("generation"), conditions));
    http::Response response;
    response.status = 204;
    return Reply(std::move(response));
}

Outcome<Reply> Objects::compose(Call& call) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    auto const& bucket = call.path_parameter("destinationBucket");
    auto const* const listed = call.fields().if_contains("sourceObjects");
    auto const count = listed == nullptr ? 0 : listed->as_array().size();
    if (count == 0 || count > limits::kComposeSources) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = fmt::format("The number of source components provided ({}) must "
                                               "be from 1 to {}",
                                               count, limits::kComposeSources),
                        .legacy_reason = "invalid"};
    }
    auto writer = TRY(blobs_.create());
    std::uint64_t components = 0;
    for (auto const& one : listed->as_array()) {
        auto const& source = one.as_object();
        http::Parameters wanted;
        if (auto const* const given = source.if_contains("objectPreconditions")) {
            auto match = text_field(given->as_object(), "ifGenerationMatch");
            if (!match.empty()) wanted.emplace_back("ifGenerationMatch", std::move(match));
        }
        auto const conditions_of_source = TRY(Preconditions::parse(wanted));
        auto const [object, bytes] =
            TRY(reads_.open(bucket, text_field(source, "name"), text_field(source, "generation"),
                            conditions_of_source, "POST"));
        auto const* const own = object.body().if_contains("componentCount");
        components += own == nullptr ? 1 : own->to_number<std::uint64_t>();
        TRY(read_file(bytes, [&](std::string_view piece) { return writer.add(piece); }));
    }
    auto blob = TRY(writer.finish());
    blob.md5.clear();
    auto const* const destination = call.fields().if_contains("destination");
    auto const body = TRY(
        changes_.put({.bucket = bucket,
                      .name = call.path_parameter("destinationObject"),
                      .fields = destination == nullptr ? json::object() : destination->as_object(),
                      .blob = std::move(blob),
                      .components = components},
                     conditions));
    return reply(object_view(body, call.origin()));
}

// What the request says of the copy takes the place of all that the source says of itself.
Outcome<Objects::Copied> Objects::copy_object(Call& call, std::string const& source_bucket,
                                              std::string const& bucket, std::string const& name) {
    auto const conditions = TRY(Preconditions::parse(call.request.parameters));
    auto const of_source = TRY(Preconditions::parse(call.request.parameters, "Source"));
    auto const [source, bytes] =
        TRY(reads_.open(source_bucket, call.path_parameter("sourceObject"),
                        call.query("sourceGeneration"), of_source, "POST"));
    ObjectChanges::NewObject copy{.bucket = bucket, .name = name, .blob = {}};
    copy_writable(source.body(), copy.fields);
    json::object wanted;
    copy_writable(call.fields(), wanted);
    if (!wanted.empty()) copy.fields = std::move(wanted);
    for (auto const* const checksum : {"md5Hash", "crc32c"}) {
        if (auto const* const given = call.fields().if_contains(checksum)) {
            copy.fields[checksum] = *given;
        }
    }
    if (auto const* const count = source.body().if_contains("componentCount")) {
        copy.components = count->to_number<std::uint64_t>();
    }
    copy.blob = TRY(blobs_.share(source.blob(), bytes));
    return Copied{.source = source.body(), .copy = TRY(changes_.put(copy, conditions))};
}

Outcome<Reply> Objects::copy(Call& call) {
    auto const [source, body] = TRY(copy_object(call, call.path_parameter("sourceBucket"),
                                                call.path_parameter("destinationBucket"),
                                                call.path_parameter("destinationObject")));
    return reply(object_view(body, call.origin()));
}

// All at once, whatever the size: the bytes get a second name.
Outcome<Reply> Objects::rewrite(Call& call) {
    auto const [source, body] = TRY(copy_object(call, call.path_parameter("sourceBucket"),
                                                call.path_parameter("destinationBucket"),
                                                call.path_parameter("destinationObject")));
    auto const size = body.at("size");
    return reply(json::object{{"kind", "storage#rewriteResponse"},
                              {"totalBytesRewritten", size},
                              {"objectSize", size},
                              {"done", true},
                              {"resource", object_view(body, call.origin())}});
}

Outcome<Reply> Objects::move(Call& call) {
    auto const& bucket = call.path_parameter("bucket");
    auto const [source, body] =
        TRY(copy_object(call, bucket, bucket, call.path_parameter("destinationObject")));
    http::Parameters const same{{"ifGenerationMatch", text_field(source, "generation")}};
    TRY(changes_.remove(bucket, call.path_parameter("sourceObject"), "",
                        TRY(Preconditions::parse(same))));
    return reply(object_view(body, call.origin()));
}

}  // namespace

void serve_objects(Methods& methods, Store& store, Blobs const& blobs, ObjectChanges& changes) {
    auto const objects = std::make_shared<Objects>(store, blobs, changes);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("storage.objects.{}", verb), "v1", handler);
    };
    serve("get", [=](Call& call) { return objects->get(call); });
    serve("list", [=](Call& call) { return objects->list(call); });
    serve("patch", [=](Call& call) { return objects->patch(call); });
    serve("update", [=](Call& call) { return objects->update(call); });
    serve("delete", [=](Call& call) { return objects->remove(call); });
    serve("compose", [=](Call& call) { return objects->compose(call); });
    serve("copy", [=](Call& call) { return objects->copy(call); });
    serve("rewrite", [=](Call& call) { return objects->rewrite(call); });
    serve("move", [=](Call& call) { return objects->move(call); });
}

}  // namespace aipress::sandbox
