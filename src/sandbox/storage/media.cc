#include "sandbox/storage/media.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <span>
#include <unistd.h>

#include "sandbox/gzip.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  // one past the last
};

// RFC 9110, section 14.1.2, one range. nullopt: not one that can be read, and therefore ignored.
// Empty when nothing of it is there.
std::optional<Range> parse_range(std::string_view text, std::uint64_t size) {
    constexpr std::string_view kBytes = "bytes=";
    if (!text.starts_with(kBytes)) return std::nullopt;
    text.remove_prefix(kBytes.size());
    auto const dash = text.find('-');
    if (dash == text.npos) return std::nullopt;
    auto const first = text.substr(0, dash);
    auto const last = text.substr(dash + 1);
    if (first.empty()) {
        auto const count = parse_number(last);
        if (!count) return std::nullopt;
        return Range{size - std::min(size, *count), size};
    }
    auto const begin = parse_number(first);
    auto const end = last.empty() ? std::optional(size - 1) : parse_number(last);
    if (!begin || !end || (!last.empty() && *end < *begin)) return std::nullopt;
    if (*begin >= size) return Range{};
    return Range{*begin, std::min(size, *end + 1)};
}

// Only what is gzip can be decompressed: some say so of bytes that are not.
bool is_gzip(FileDescriptor const& bytes) {
    std::array<unsigned char, 2> magic{};
    return ::pread(bytes.get(), magic.data(), magic.size(), 0) == 2 && magic[0] == 0x1f &&
           magic[1] == 0x8b;
}

bool is_transcoded(json::object const& object, FileDescriptor const& bytes,
                   http::Request const& request) {
    return text_field(object, "contentEncoding") == "gzip" &&
           !request.headers.has_token("Accept-Encoding", "gzip") &&
           text_field(object, "cacheControl").find("no-transform") == std::string::npos &&
           is_gzip(bytes);
}

http::Response decompressed(std::shared_ptr<FileDescriptor const> bytes, http::Headers headers) {
    headers.remove("Content-Encoding");
    headers.set("Accept-Ranges", "none");
    headers.add("Warning", "214 UploadServer gunzipped");
    // It is another representation of the same object (RFC 9110, 8.8.3).
    auto const etag = std::string(headers.find("ETag").value_or(""));
    if (etag.starts_with('"')) headers.set("ETag", "W/" + etag);
    auto source = [bytes = std::move(bytes),
                   at = off_t{0}](std::span<char> buffer) mutable -> Result<std::size_t> {
        auto const count = ::pread(bytes->get(), buffer.data(), buffer.size(), at);
        if (count < 0) return Error(ErrorCode::Unavailable, "cannot read an object's bytes");
        at += count;
        return static_cast<std::size_t>(count);
    };
    auto const reader = std::make_shared<GzipReader>(std::move(source));
    http::Response response;
    response.headers = std::move(headers);
    response.body = http::BodySource{
        .read = [reader](std::span<char> buffer) { return reader->read(buffer); }, .length = {}};
    return response;
}

}  // namespace

void add_field(std::string name, std::string value, http::Headers& headers) {
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    auto const is_no_token = [&](char c) { return is_control(c) || c == ' ' || c == ':'; };
    if (value.empty() || std::any_of(value.begin(), value.end(), is_control)) return;
    if (std::any_of(name.begin(), name.end(), is_no_token)) return;
    headers.add(std::move(name), std::move(value));
}

void add_content_headers(json::object const& object, http::Headers& headers) {
    add_field("Content-Type", text_field(object, "contentType"), headers);
    if (!headers.find("Content-Type")) headers.add("Content-Type", "application/octet-stream");
    for (auto const& [field, header] : {std::pair("contentEncoding", "Content-Encoding"),
                                        std::pair("contentDisposition", "Content-Disposition"),
                                        std::pair("contentLanguage", "Content-Language"),
                                        std::pair("cacheControl", "Cache-Control")}) {
        add_field(header, text_field(object, field), headers);
    }
    if (text_field(object, "contentEncoding") == "gzip") headers.add("Vary", "Accept-Encoding");
}

void add_state_headers(json::object const& object, http::Headers& headers) {
    for (auto const& [field, header] : {std::pair("generation", "X-Goog-Generation"),
                                        std::pair("metageneration", "X-Goog-Metageneration"),
                                        std::pair("storageClass", "X-Goog-Storage-Class"),
                                        std::pair("size", "X-Goog-Stored-Content-Length")}) {
        headers.add(header, text_field(object, field));
    }
    auto const coding = text_field(object, "contentEncoding");
    add_field("X-Goog-Stored-Content-Encoding", coding.empty() ? "identity" : coding, headers);
    auto hash = "crc32c=" + text_field(object, "crc32c");
    if (auto const md5 = text_field(object, "md5Hash"); !md5.empty()) hash += ",md5=" + md5;
    headers.add("X-Goog-Hash", hash);
}

http::Headers media_headers(StoredObject const& object) {
    http::Headers headers;
    add_content_headers(object.body(), headers);
    add_state_headers(object.body(), headers);
    headers.add("ETag", object_etag(object.body()));
    return headers;
}

Outcome<http::Response> media_response(StoredObject const& object, FileDescriptor bytes,
                                       http::Request const& request, http::Headers headers) {
    auto const blob = object.blob();
    auto file = std::make_shared<FileDescriptor const>(std::move(bytes));
    if (is_transcoded(object.body(), *file, request)) {
        return decompressed(std::move(file), std::move(headers));
    }
    http::Response response;
    response.headers = std::move(headers);
    response.headers.add("Accept-Ranges", "bytes");
    Range range{0, blob.size};
    auto const asked = request.headers.find("Range");
    if (auto const parsed = asked ? parse_range(*asked, blob.size) : std::nullopt) {
        if (parsed->begin == parsed->end) {
            return ApiError{.code = ErrorCode::OutOfRange,
                            .message = fmt::format("The requested range cannot be satisfied: the "
                                                   "object has {} bytes.",
                                                   blob.size),
                            .http_status = 416,
                            .legacy_reason = "requestedRangeNotSatisfiable"};
        }
        range = *parsed;
        response.status = 206;
        response.headers.add("Content-Range",
                             fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, blob.size));
    }
    response.body = http::FileRange{std::move(file), range.begin, range.end - range.begin};
    return response;
}

}  // namespace aipress::sandbox
