#include "routing/journaled.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"
#include "json/fields.h"

namespace aipress::routing {
namespace {

namespace json = boost::json;
using aipress::json::get_bool;
using aipress::json::get_integer;
using aipress::json::get_string;

Result<json::array> get_array(json::object const& fields, std::string_view field) {
    auto const* const value = fields.if_contains(field);
    if (value != nullptr && value->is_array()) return value->get_array();
    return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: expected a list", field));
}

Result<gcp::RecordSet> read_set(json::value const& item) {
    if (!item.is_object()) {
        return Error(ErrorCode::InvalidArgument, "$.sets: expected a list of objects");
    }
    auto const& fields = item.get_object();
    gcp::RecordSet set;
    set.name = TRY(get_string(fields, "name"));
    set.type = TRY(get_string(fields, "type"));
    set.ttl = TRY(get_integer(fields, "ttl"));
    for (auto const& data : TRY(get_array(fields, "data"))) {
        if (data.is_string()) set.data.emplace_back(data.get_string());
    }
    return set;
}

}  // namespace

json::object to_json(HostRecords const& records) {
    json::array sets;
    for (auto const& set : records.sets) {
        json::array data;
        for (auto const& value : set.data) data.emplace_back(value);
        sets.push_back(json::object{
            {"name", set.name}, {"type", set.type}, {"ttl", set.ttl}, {"data", std::move(data)}});
    }
    return {{"host", records.host}, {"sets", std::move(sets)}};
}

Result<HostRecords> read_records(json::object const& fields) {
    HostRecords records;
    records.host = TRY(get_string(fields, "host"));
    for (auto const& item : TRY(get_array(fields, "sets"))) {
        records.sets.push_back(TRY(read_set(item)));
    }
    return records;
}

json::object to_json(Mapping const& mapping) {
    return {{"project", mapping.project},
            {"region", mapping.region},
            {"service", mapping.service},
            {"is_answering", mapping.is_answering}};
}

Result<Mapping> read_mapping(json::object const& fields) {
    Mapping mapping;
    mapping.project = TRY(get_string(fields, "project"));
    mapping.region = TRY(get_string(fields, "region"));
    mapping.service = TRY(get_string(fields, "service"));
    mapping.is_answering = TRY(get_bool(fields, "is_answering"));
    return mapping;
}

json::object to_json(SiteSettings const& settings) {
    return {{"database_host", settings.database_host},
            {"database_port", settings.database_port},
            {"socket_instance", settings.socket_instance},
            {"database", settings.database},
            {"user", settings.user},
            {"password_secret", settings.password_secret},
            {"bucket", settings.bucket},
            {"prefix", settings.prefix}};
}

Result<SiteSettings> read_site_settings(json::object const& fields) {
    SiteSettings settings;
    settings.database_host = TRY(get_string(fields, "database_host"));
    auto const port = TRY(get_integer(fields, "database_port"));
    if (port < 1 || port > UINT16_MAX) {
        return Error(ErrorCode::InvalidArgument, "$.database_port: expected a port");
    }
    settings.database_port = static_cast<std::uint16_t>(port);
    settings.socket_instance = TRY(get_string(fields, "socket_instance"));
    settings.database = TRY(get_string(fields, "database"));
    settings.user = TRY(get_string(fields, "user"));
    settings.password_secret = TRY(get_string(fields, "password_secret"));
    settings.bucket = TRY(get_string(fields, "bucket"));
    settings.prefix = TRY(get_string(fields, "prefix"));
    return settings;
}

json::object to_json(TrafficPlan const& plan) {
    return {{"project", plan.service.project},
            {"location", plan.service.location},
            {"service", plan.service.service},
            {"old_revision", plan.old_revision},
            {"new_revision", plan.new_revision},
            {"tag", plan.tag},
            {"before", plan.before},
            {"settings", to_json(plan.settings)}};
}

Result<TrafficPlan> read_traffic_plan(json::object const& fields) {
    TrafficPlan plan;
    plan.service.project = TRY(get_string(fields, "project"));
    plan.service.location = TRY(get_string(fields, "location"));
    plan.service.service = TRY(get_string(fields, "service"));
    plan.old_revision = TRY(get_string(fields, "old_revision"));
    plan.new_revision = TRY(get_string(fields, "new_revision"));
    plan.tag = TRY(get_string(fields, "tag"));
    plan.before = TRY(get_array(fields, "before"));
    for (auto const& target : plan.before) {
        if (!target.is_object()) {
            return Error(ErrorCode::InvalidArgument, "$.before: expected a list of objects");
        }
    }
    auto const* const settings = gcp::object_of(fields, "settings");
    if (settings == nullptr) {
        return Error(ErrorCode::InvalidArgument, "$.settings: expected an object");
    }
    plan.settings = TRY(read_site_settings(*settings).in_context("$.settings"));
    return plan;
}

}  // namespace aipress::routing
