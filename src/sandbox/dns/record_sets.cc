#include "sandbox/dns/record_sets.h"

#include <algorithm>
#include <fmt/format.h>

#include "sandbox/dns/limits.h"
#include "sandbox/dns/names.h"
#include "sandbox/dns/record_data.h"
#include "sandbox/service.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;

Outcome<std::vector<std::string>> parse_data(json::object const& fields, std::string const& type,
                                             std::string const& path) {
    auto const* const sent = fields.if_contains("rrdatas");
    if (sent == nullptr || sent->as_array().empty()) return invalid_value(path + ".rrdata", "");
    if (sent->as_array().size() > kRecordsPerSet) {
        return quota_exceeded("resource records per rrset");
    }
    std::vector<std::string> data;
    for (auto const& one : sent->as_array()) {
        auto canonical = canonical_data(type, one.as_string());
        bool const is_new =
            canonical && std::find(data.begin(), data.end(), *canonical) == data.end();
        if (!is_new) {
            return invalid_value(fmt::format("{}.rrdata[{}]", path, data.size()), one.as_string());
        }
        data.push_back(std::move(*canonical));
    }
    if ((type == "CNAME" || type == "SOA") && data.size() != 1) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = fmt::format("The resource record set '{}' is only permitted to "
                                               "have one record because it is of type {}.",
                                               path, type),
                        .legacy_reason = "invalidRecordCount"};
    }
    return data;
}

}  // namespace

bool RecordSet::is_same_as(RecordSet const& other) const {
    return name == other.name && type == other.type && ttl == other.ttl &&
           std::is_permutation(data.begin(), data.end(), other.data.begin(), other.data.end());
}

Outcome<RecordSet> parse_record_set(json::object const& fields, std::string_view zone,
                                    std::string const& path) {
    RecordSet set{.name = text_field(fields, "name"), .type = text_field(fields, "type")};
    if (set.name.empty()) return missing_parameter(path + ".name");
    if (set.type.empty()) return missing_parameter(path + ".type");
    auto name = canonical_name(set.name, Wildcard::Allowed);
    if (!name || !is_within(*name, zone)) return invalid_value(path + ".name", set.name);
    set.name = std::move(*name);
    if (!is_record_type(set.type)) return invalid_value(path + ".type", set.type);
    if (fields.contains("routingPolicy")) {
        return ApiError{
            .code = ErrorCode::Unimplemented,
            .message = fmt::format("'{}.routingPolicy' is not served by this sandbox.", path)};
    }
    auto const* const ttl = fields.if_contains("ttl");
    auto const seconds = ttl == nullptr ? 0 : ttl->to_number<std::int64_t>();
    if (seconds < 0) return invalid_value(path + ".ttl", fmt::format("{}", seconds));
    set.ttl = static_cast<std::uint32_t>(seconds);
    set.data = TRY(parse_data(fields, set.type, path));
    if (set.type == "NS" && set.name.starts_with("*.")) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = fmt::format("The resource record set '{}' is of type NS, which "
                                               "is not allowed for a wildcard.",
                                               path),
                        .legacy_reason = "wildcardNotAllowed"};
    }
    return set;
}

json::object to_json(RecordSet const& set) {
    json::array data;
    for (auto const& one : set.data) data.emplace_back(one);
    return {{"kind", "dns#resourceRecordSet"},
            {"name", set.name},
            {"type", set.type},
            {"ttl", set.ttl},
            {"rrdatas", std::move(data)}};
}

RecordSet from_json(json::object const& body) {
    RecordSet set{.name = text_field(body, "name"), .type = text_field(body, "type")};
    set.ttl = body.at("ttl").to_number<std::uint32_t>();
    for (auto const& one : body.at("rrdatas").as_array()) set.data.emplace_back(one.as_string());
    return set;
}

std::string zone_file_lines(RecordSet const& set) {
    std::string lines;
    for (auto const& data : set.data) {
        lines += fmt::format("{} {} IN {} {}\n", set.name, set.ttl, set.type, data);
    }
    return lines;
}

ApiError invalid_value(std::string const& path, std::string_view value) {
    return {.code = ErrorCode::InvalidArgument,
            .message = fmt::format("Invalid value for '{}': '{}'", path, value),
            .legacy_reason = "invalid"};
}

ApiError missing_parameter(std::string const& path) {
    return {.code = ErrorCode::InvalidArgument,
            .message = fmt::format("The '{}' parameter is required but was missing.", path),
            .legacy_reason = "required"};
}

ApiError quota_exceeded(std::string_view quota) {
    return {.code = ErrorCode::PermissionDenied,
            .message = fmt::format("The change would exceed quota for {}.", quota),
            .legacy_reason = "quotaExceeded"};
}

}  // namespace aipress::sandbox::dns
