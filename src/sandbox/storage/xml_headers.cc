// Header fields of the XML API: conditions, what an upload says of its object, and CORS.
// https://cloud.google.com/storage/docs/xml-api/reference-headers
#include <algorithm>
#include <fmt/format.h>

#include "http/base64.h"
#include "sandbox/storage/public_access.h"
#include "sandbox/storage/xml_asked.h"
#include "sandbox/storage/xml_errors.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kMetadata = "x-goog-meta-";

// As a resource writes them; what is no base64 would never match.
Outcome<Done> add_checksum(std::string_view field, std::string_view value, json::object& fields) {
    if (!http::decode_base64(value)) {
        return xml_error("InvalidDigest", fmt::format("'{}' is not base64.", value));
    }
    fields[field] = value;
    return Done();
}

// "crc32c=n03x6A==,md5=…"
Outcome<Done> add_checksums(std::string_view text, json::object& fields) {
    while (!text.empty()) {
        auto const comma = std::min(text.find(','), text.size());
        auto const one = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (one.starts_with("crc32c=")) TRY(add_checksum("crc32c", one.substr(7), fields));
        if (one.starts_with("md5=")) TRY(add_checksum("md5Hash", one.substr(4), fields));
    }
    return Done();
}

bool is_listed(json::object const& rule, std::string_view member, std::string_view wanted) {
    auto const* const listed = rule.if_contains(member);
    if (listed == nullptr) return false;
    auto const& all = listed->as_array();
    return std::any_of(all.begin(), all.end(), [&](json::value const& one) {
        return one.as_string() == "*" || http::equal_ignoring_case(one.as_string(), wanted);
    });
}

std::string joined(json::object const& rule, std::string_view member) {
    std::string text;
    auto const* const listed = rule.if_contains(member);
    if (listed == nullptr) return text;
    for (auto const& one : listed->as_array()) {
        text += (text.empty() ? "" : ", ") + std::string(one.as_string());
    }
    return text;
}

}  // namespace

http::Parameters xml_conditions(http::Request const& request) {
    http::Parameters conditions;
    for (auto const& [header, parameter] :
         {std::pair("x-goog-if-generation-match", "ifGenerationMatch"),
          std::pair("x-goog-if-metageneration-match", "ifMetagenerationMatch")}) {
        if (auto const value = request.headers.find(header)) {
            conditions.emplace_back(parameter, *value);
        }
    }
    return conditions;
}

Outcome<Preconditions> xml_preconditions(http::Request const& request) {
    return Preconditions::parse(xml_conditions(request));
}

std::string xml_etag(json::object const& object) {
    auto const md5 = http::decode_base64(text_field(object, "md5Hash"));
    if (!md5 || md5->empty()) return fmt::format("\"{}\"", object_etag(object));
    std::string digits;
    for (char const c : *md5) digits += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return fmt::format("\"{}\"", digits);
}

WallTime updated_at(json::object const& object) {
    auto const time = parse_timestamp(text_field(object, "updated")).value_or(Nanoseconds(0));
    return WallTime(std::chrono::duration_cast<WallTime::duration>(time));
}

Outcome<json::object> fields_of_upload(http::Request const& request) {
    json::object fields;
    json::object metadata;
    for (auto const& [header, field] :
         {std::pair("Content-Type", "contentType"),
          std::pair("Content-Encoding", "contentEncoding"),
          std::pair("Content-Disposition", "contentDisposition"),
          std::pair("Content-Language", "contentLanguage"),
          std::pair("Cache-Control", "cacheControl"), std::pair("x-goog-custom-time", "customTime"),
          std::pair("x-goog-storage-class", "storageClass")}) {
        if (auto const value = request.headers.find(header)) fields[field] = *value;
    }
    for (auto const& [header, value] : request.headers.fields()) {
        auto const name = lower_case(header);
        if (name.starts_with(kMetadata)) metadata[name.substr(kMetadata.size())] = value;
        if (name == "x-goog-hash") TRY(add_checksums(value, fields));
        if (name == "content-md5") TRY(add_checksum("md5Hash", value, fields));
    }
    if (!metadata.empty()) fields["metadata"] = std::move(metadata);
    auto const acl = request.headers.find("x-goog-acl").value_or("");
    if (acl == "public-read" || acl == "public-read-write") fields["acl"] = public_read_acl();
    return fields;
}

void add_cors_headers(Document const& bucket, http::Request const& request,
                      http::Response& response) {
    auto const* const rules = bucket.body.as_object().if_contains("cors");
    auto const origin = request.headers.find("Origin");
    if (rules == nullptr || !origin) return;
    bool const is_preflight = request.method == "OPTIONS";
    auto const verb = is_preflight
                          ? request.headers.find("Access-Control-Request-Method").value_or("")
                          : std::string_view(request.method);
    for (auto const& one : rules->as_array()) {
        auto const& rule = one.as_object();
        if (!is_listed(rule, "origin", *origin) || !is_listed(rule, "method", verb)) continue;
        auto& headers = response.headers;
        headers.add("Access-Control-Allow-Origin", std::string(*origin));
        headers.add("Vary", "Origin");
        auto const exposed = joined(rule, "responseHeader");
        if (!exposed.empty()) {
            headers.add(
                is_preflight ? "Access-Control-Allow-Headers" : "Access-Control-Expose-Headers",
                exposed);
        }
        if (!is_preflight) return;
        headers.add("Access-Control-Allow-Methods", joined(rule, "method"));
        if (auto const* const age = rule.if_contains("maxAgeSeconds")) {
            headers.add("Access-Control-Max-Age",
                        fmt::format("{}", age->to_number<std::int64_t>()));
        }
        return;
    }
}

}  // namespace aipress::sandbox
