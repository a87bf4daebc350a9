// The XML API's methods of objects.
// https://cloud.google.com/storage/docs/xml-api/reference-methods
#include <fmt/format.h>
#include <vector>

#include "sandbox/storage/http_dates.h"
#include "sandbox/storage/media.h"
#include "sandbox/storage/xml_asked.h"
#include "sandbox/storage/xml_errors.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kPiece = 256u << 10;

// The state of an object that has been read or written.
void add_xml_state(json::object const& object, http::Headers& headers) {
    add_state_headers(object, headers);
    headers.add("ETag", xml_etag(object));
    headers.add("Last-Modified", http_date(updated_at(object)));
}

bool has_tag(std::string_view listed, std::string_view tag) {
    return listed == "*" || listed.find(tag) != listed.npos;
}

enum class Condition { Holds, IsUnchanged, Fails };

// RFC 9110, 13.2.2: the conditions of HTTP itself, in their order.
Condition check_http_conditions(http::Headers const& headers, json::object const& object) {
    auto const tag = xml_etag(object);
    auto const modified = std::chrono::floor<std::chrono::seconds>(updated_at(object));
    auto const time = [&](std::string_view name) {
        return parse_http_date(std::string(headers.find(name).value_or("")));
    };
    if (auto const match = headers.find("If-Match")) {
        if (!has_tag(*match, tag)) return Condition::Fails;
    } else if (auto const since = time("If-Unmodified-Since"); since && modified > *since) {
        return Condition::Fails;
    }
    if (auto const match = headers.find("If-None-Match")) {
        if (has_tag(*match, tag)) return Condition::IsUnchanged;
    } else if (auto const since = time("If-Modified-Since"); since && modified <= *since) {
        return Condition::IsUnchanged;
    }
    return Condition::Holds;
}

// "x-goog-content-length-range: 0,1024"
Outcome<Done> check_length(http::Request const& request, std::uint64_t length) {
    auto const range = request.headers.find("x-goog-content-length-range");
    if (!range) return Done();
    auto const comma = std::min(range->find(','), range->size());
    auto const least = parse_number(range->substr(0, comma));
    auto const most = parse_number(range->substr(std::min(comma + 1, range->size())));
    if (!least || !most) {
        return xml_error(
            "InvalidArgument",
            fmt::format("x-goog-content-length-range is '{}': it must be MIN,MAX.", *range));
    }
    auto const said = fmt::format("The upload has {} bytes.", length);
    if (length < *least) return xml_error("EntityTooSmall", said);
    if (length > *most) return xml_error("EntityTooLarge", said);
    return Done();
}

Outcome<Done> check_digests(json::object const& fields, Blob const& blob) {
    for (auto const& [field, own] :
         {std::pair("md5Hash", &blob.md5), std::pair("crc32c", &blob.crc32c)}) {
        auto const given = text_field(fields, field);
        if (given.empty() || given == *own) continue;
        return xml_error("BadDigest", fmt::format("The {} hash you specified is {}, what was "
                                                  "received has {}.",
                                                  field, given, *own));
    }
    return Done();
}

// Who was let in may ask for other header fields than the object's own.
void override_headers(http::Request const& request, http::Headers& headers) {
    for (auto const& [parameter, header] :
         {std::pair("response-content-type", "Content-Type"),
          std::pair("response-content-disposition", "Content-Disposition")}) {
        auto const value = request.parameter(parameter);
        if (!value) continue;
        headers.remove(header);
        add_field(header, std::string(*value), headers);
    }
}

http::Response written_response(json::object const& object) {
    http::Response response;
    response.headers.add("Content-Type", "text/html; charset=UTF-8");
    add_xml_state(object, response.headers);
    return response;
}

}  // namespace

Outcome<http::Response> XmlApi::get(Asked const& asked) {
    TRY(check_access(asked, "storage.objects.get"));
    auto const& request = asked.request;
    auto const conditions = TRY(xml_preconditions(request));
    auto const generation = std::string(request.parameter("generation").value_or(""));
    auto [object, bytes] =
        TRY(reads_.open(asked.target.bucket, asked.target.object, generation, conditions, "GET"));
    auto const& body = object.body();
    http::Headers headers;
    add_xml_state(body, headers);
    auto const condition = check_http_conditions(request.headers, body);
    if (condition == Condition::Fails) return xml_error("PreconditionFailed", "");
    if (condition == Condition::IsUnchanged) {
        http::Response response;
        response.status = 304;
        response.headers = std::move(headers);
        return response;
    }
    add_content_headers(body, headers);
    if (!headers.find("Cache-Control")) {
        bool const is_everyones = TRY(is_public(asked, &object, "storage.objects.get"));
        headers.add("Cache-Control", is_everyones ? "public, max-age=3600" : "private, max-age=0");
    }
    if (auto const* const metadata = body.if_contains("metadata")) {
        for (auto const& entry : metadata->as_object()) {
            add_field("x-goog-meta-" + std::string(entry.key()),
                      std::string(entry.value().as_string()), headers);
        }
    }
    if (!asked.principal.empty()) override_headers(request, headers);
    return media_response(object, std::move(bytes), request, std::move(headers));
}

Outcome<http::Response> XmlApi::put(Asked const& asked) {
    TRY(check_access(asked, "storage.objects.create"));
    auto const& request = asked.request;
    if (request.headers.find("x-goog-copy-source")) {
        return xml_error("NotImplemented", "This server copies objects by the JSON API only.");
    }
    auto fields = TRY(fields_of_upload(request));
    auto const conditions = TRY(xml_preconditions(request));
    if (request.content_length) TRY(check_length(request, *request.content_length));
    auto writer = TRY(parts_.blobs.create());
    std::vector<char> buffer(kPiece);
    std::uint64_t length = 0;
    while (auto const count = TRY(asked.body.read(buffer))) {
        length += count;
        TRY(writer.add({buffer.data(), count}));
    }
    TRY(check_length(request, length));
    auto blob = TRY(writer.finish());
    auto digests = check_digests(fields, blob);
    if (!digests.ok()) {
        parts_.blobs.remove(blob.id);
        return digests.release_error();
    }
    auto const stored = TRY(parts_.changes.put({.bucket = asked.target.bucket,
                                                .name = asked.target.object,
                                                .fields = std::move(fields),
                                                .blob = std::move(blob)},
                                               conditions));
    return written_response(stored);
}

Outcome<http::Response> XmlApi::remove(Asked const& asked) {
    TRY(check_access(asked, "storage.objects.delete"));
    auto const conditions = TRY(xml_preconditions(asked.request));
    auto const generation = std::string(asked.request.parameter("generation").value_or(""));
    TRY(parts_.changes.remove(asked.target.bucket, asked.target.object, generation, conditions));
    http::Response response;
    response.status = 204;
    return response;
}

Outcome<http::Response> XmlApi::begin_upload(Asked const& asked) {
    TRY(check_access(asked, "storage.objects.create"));
    auto fields = TRY(fields_of_upload(asked.request));
    TRY(xml_preconditions(asked.request));
    auto const id = TRY(parts_.uploads.start({.bucket = asked.target.bucket,
                                              .name = asked.target.object,
                                              .fields = std::move(fields),
                                              .conditions = xml_conditions(asked.request)}));
    auto response = begun_response(asked.request, "", id);
    response.status = 201;
    return response;
}

Outcome<http::Response> XmlApi::go_on(Asked const& asked, std::string const& upload) {
    if (asked.request.method == "DELETE") {
        TRY(parts_.uploads.cancel(upload));
        http::Response response;
        response.status = 499;
        return response;
    }
    auto const progress = TRY(parts_.uploads.resume(asked.request, asked.body, upload));
    return progress.object ? written_response(*progress.object)
                           : incomplete_response(progress.size);
}

}  // namespace aipress::sandbox
