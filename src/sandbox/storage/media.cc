#include "sandbox/storage/media.h"

#include <charconv>
#include <fmt/format.h>

namespace aipress::sandbox {
namespace {

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  // one past the last
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

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
        auto const count = number(last);
        if (!count) return std::nullopt;
        return Range{size - std::min(size, *count), size};
    }
    auto const begin = number(first);
    auto const end = last.empty() ? std::optional(size - 1) : number(last);
    if (!begin || !end || (!last.empty() && *end < *begin)) return std::nullopt;
    if (*begin >= size) return Range{};
    return Range{*begin, std::min(size, *end + 1)};
}

void add_object_headers(StoredObject const& object, http::Headers& headers) {
    auto const& body = object.body();
    auto const type = text_field(body, "contentType");
    headers.add("Content-Type", type.empty() ? "application/octet-stream" : type);
    for (auto const& [field, header] :
         {std::pair("contentEncoding", "Content-Encoding"),
          std::pair("contentDisposition", "Content-Disposition"),
          std::pair("contentLanguage", "Content-Language"),
          std::pair("cacheControl", "Cache-Control"),
          std::pair("contentEncoding", "X-Goog-Stored-Content-Encoding"),
          std::pair("generation", "X-Goog-Generation"),
          std::pair("metageneration", "X-Goog-Metageneration"),
          std::pair("storageClass", "X-Goog-Storage-Class"),
          std::pair("size", "X-Goog-Stored-Content-Length")}) {
        if (auto value = text_field(body, field); !value.empty()) {
            headers.add(header, std::move(value));
        }
    }
    auto hash = "crc32c=" + text_field(body, "crc32c");
    if (auto const md5 = text_field(body, "md5Hash"); !md5.empty()) hash += ",md5=" + md5;
    headers.add("X-Goog-Hash", hash);
    headers.add("ETag", text_field(object_view(body, "").as_object(), "etag"));
    headers.add("Accept-Ranges", "bytes");
}

}  // namespace

Outcome<http::Response> media_response(StoredObject const& object, FileDescriptor bytes,
                                       http::Request const& request) {
    auto const blob = object.blob();
    http::Response response;
    add_object_headers(object, response.headers);
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
    response.body = http::FileRange{std::make_shared<FileDescriptor const>(std::move(bytes)),
                                    range.begin, range.end - range.begin};
    return response;
}

}  // namespace aipress::sandbox
