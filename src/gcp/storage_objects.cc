#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "gcp/limits.h"
#include "gcp/storage.h"
#include "gcp/storage_paths.h"
#include "http/checksums.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

std::string number_text(std::int64_t number) {
    return fmt::format("{}", number);
}

// What read_object() reads: a third of what Google would send.
constexpr char const* kListFields =
    "nextPageToken,items(bucket,name,generation,metageneration,size,crc32c,md5Hash,contentType,"
    "componentCount,metadata)";

Call list_call(ObjectList const& list) {
    Call call{.api = kStorageApi,
              .path = bucket_path(list.bucket) + "/o",
              .query = {{"maxResults", number_text(list.page_size)}, {"fields", kListFields}}};
    if (!list.prefix.empty()) call.query.emplace_back("prefix", list.prefix);
    if (!list.start.empty()) call.query.emplace_back("startOffset", list.start);
    if (!list.end.empty()) call.query.emplace_back("endOffset", list.end);
    return call;
}

std::string crc32c_of_bytes(std::string_view bytes) {
    http::Checksums sums;
    sums.add(bytes);
    return sums.crc32c();
}

// RFC 2046, 5.1.1: the boundary is in none of the parts.
std::string boundary_for(std::string_view bytes) {
    std::string boundary = "aipress";
    while (bytes.find(boundary) != bytes.npos) {
        boundary +=
            fmt::format("{:08x}", static_cast<std::uint32_t>(random_fraction() * 4294967296.0));
    }
    return boundary;
}

}  // namespace

Outcome<Object> read_object(json::object const& fields) {
    Object object{.bucket = text_of(fields, "bucket"), .name = text_of(fields, "name")};
    auto const generation = integer_of(fields, "generation");
    auto const metageneration = integer_of(fields, "metageneration");
    auto const size = integer_of(fields, "size");
    if (object.name.empty() || !generation || !metageneration || !size || *size < 0) {
        return Error(ErrorCode::Internal,
                     "Cloud Storage answered with something that is no object");
    }
    object.generation = *generation;
    object.metageneration = *metageneration;
    object.size = static_cast<std::uint64_t>(*size);
    object.crc32c = text_of(fields, "crc32c");
    object.md5 = text_of(fields, "md5Hash");
    object.content_type = text_of(fields, "contentType");
    object.components = static_cast<std::uint64_t>(
        std::max<std::int64_t>(integer_of(fields, "componentCount").value_or(1), 1));
    if (auto const* const metadata = object_of(fields, "metadata")) {
        for (auto const& [name, value] : *metadata) {
            if (value.is_string()) object.metadata[name] = value.get_string();
        }
    }
    return object;
}

json::object upload_fields(NewObject const& made, std::string const& crc32c) {
    json::object fields{{"name", made.name}, {"contentType", made.content_type}};
    if (!crc32c.empty()) fields["crc32c"] = crc32c;
    if (!made.metadata.empty()) {
        json::object metadata;
        for (auto const& [name, value] : made.metadata) metadata[name] = value;
        fields["metadata"] = std::move(metadata);
    }
    return fields;
}

Check Storage::find_own(std::string const& bucket, std::string const& name,
                        std::function<bool(Object const&)> const& is_own) const {
    return [=, this](Context const& context) -> Outcome<std::optional<json::object>> {
        auto found =
            connection_.call(context, {.api = kStorageApi, .path = object_path(bucket, name)});
        if (!found.ok()) {
            if (found.error().code() != ErrorCode::NotFound) return found.release_error();
            return std::optional<json::object>();
        }
        auto const object = TRY(read_object(*found));
        if (!is_own(object)) return std::optional<json::object>();
        return std::optional<json::object>(found.release());
    };
}

Outcome<Object> Storage::get_object(Context const& context, std::string const& bucket,
                                    std::string const& name) const {
    return read_object(
        TRY(connection_.call(context, {.api = kStorageApi, .path = object_path(bucket, name)})));
}

Outcome<Done> Storage::list_objects(Context const& context, ObjectList const& list,
                                    Visitor const& visit) const {
    return connection_.for_each(
        context, list_call(list), "items",
        [&](json::object const& item) -> Outcome<Done> { return visit(TRY(read_object(item))); });
}

Outcome<ObjectPage> Storage::list_page(Context const& context, ObjectList const& list,
                                       std::string const& token) const {
    auto call = list_call(list);
    if (!token.empty()) call.query.emplace_back("pageToken", token);
    auto const answer = TRY(connection_.call(context, call));
    ObjectPage page{.objects = {}, .next = text_of(answer, "nextPageToken")};
    for (auto const& item : array_of(answer, "items")) {
        if (item.is_object()) page.objects.push_back(TRY(read_object(item.get_object())));
    }
    return page;
}

Outcome<Object> Storage::rewrite_object(Context const& context, Object const& source,
                                        std::string const& bucket, std::string const& name,
                                        Generation expected) const {
    auto const target = object_path(bucket, name).substr(std::string_view("/storage/v1").size());
    Call call{.api = kStorageApi,
              .method = "POST",
              .path = object_path(source.bucket, source.name) + "/rewriteTo" + target,
              .query = {{"sourceGeneration", number_text(source.generation)},
                        {"ifGenerationMatch", number_text(expected)}},
              .idempotent = Idempotent::Yes};
    auto const is_copy = [&](Object const& object) {
        return object.generation != expected && object.size == source.size &&
               object.crc32c == source.crc32c;
    };
    auto const find = find_own(bucket, name, is_copy);
    // What a rewrite answers with when it is done.
    call.check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto found = TRY(find(during));
        if (!found) return std::optional<json::object>();
        return std::optional(json::object{{"done", true}, {"resource", std::move(*found)}});
    };
    auto const plain_query = call.query;
    for (unsigned calls = 0; calls < limits::kRewriteCallsMost; ++calls) {
        auto const answer = TRY(connection_.call(context, call));
        auto const* const made = object_of(answer, "resource");
        if (bool_of(answer, "done") && made != nullptr) return read_object(*made);
        call.query = plain_query;
        call.query.emplace_back("rewriteToken", text_of(answer, "rewriteToken"));
    }
    return Error(ErrorCode::Internal, "copying " + source.name + " does not come to an end");
}

Outcome<Done> Storage::delete_object(Context const& context, std::string const& bucket,
                                     std::string const& name, Generation generation) const {
    auto const check = [&](Context const& during) -> Outcome<std::optional<json::object>> {
        auto const found = get_object(during, bucket, name);
        if (found.ok()) return std::optional<json::object>();
        if (found.error().code() == ErrorCode::NotFound) return std::optional(json::object());
        return found.error();
    };
    auto const deleted =
        connection_.call(context, {.api = kStorageApi,
                                   .method = "DELETE",
                                   .path = object_path(bucket, name),
                                   .query = {{"ifGenerationMatch", number_text(generation)}},
                                   .idempotent = Idempotent::Yes,
                                   .check = check});
    if (!deleted.ok() && deleted.error().code() != ErrorCode::NotFound) return deleted.error();
    return Done();
}

Outcome<Object> Storage::compose(Context const& context, NewObject const& made,
                                 std::vector<Object> const& parts) const {
    json::array sources;
    std::uint64_t size = 0;
    std::uint64_t components = 0;
    for (auto const& part : parts) {
        sources.push_back(json::object{
            {"name", part.name},
            {"generation", number_text(part.generation)},
            {"objectPreconditions", {{"ifGenerationMatch", number_text(part.generation)}}}});
        size += part.size;
        components += part.components;
    }
    auto const is_own = [&](Object const& object) {
        return object.generation != made.expected && object.size == size &&
               object.components == components;
    };
    return read_object(TRY(connection_.call(
        context,
        {.api = kStorageApi,
         .method = "POST",
         .path = object_path(made.bucket, made.name) + "/compose",
         .query = {{"ifGenerationMatch", number_text(made.expected)}},
         .body = json::object{{"sourceObjects", sources}, {"destination", upload_fields(made, "")}},
         .idempotent = Idempotent::Yes,
         .check = find_own(made.bucket, made.name, is_own)})));
}

Outcome<Object> Storage::insert_object(Context const& context, NewObject const& made,
                                       std::string_view bytes) const {
    auto const crc32c = crc32c_of_bytes(bytes);
    auto const boundary = boundary_for(bytes);
    auto const content = fmt::format(
        "--{0}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{1}\r\n"
        "--{0}\r\nContent-Type: {2}\r\n\r\n{3}\r\n--{0}--\r\n",
        boundary, json::serialize(upload_fields(made, crc32c)), made.content_type, bytes);
    auto const is_own = [&](Object const& object) {
        return object.generation != made.expected && object.size == bytes.size() &&
               object.crc32c == crc32c;
    };
    return read_object(TRY(connection_.call(
        context,
        {.api = kStorageApi,
         .method = "POST",
         .path = upload_path(made.bucket),
         .query = {{"uploadType", "multipart"}, {"ifGenerationMatch", number_text(made.expected)}},
         .content = content,
         .content_type = fmt::format("multipart/related; boundary={}", boundary),
         .idempotent = Idempotent::Yes,
         .check = find_own(made.bucket, made.name, is_own)})));
}

}  // namespace aipress::gcp
