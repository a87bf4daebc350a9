// Which columns the records of records.h are kept in: the one description that reading, writing,
// dump and load share. The schema itself is in schema.cc; a test compares the two.
#pragma once

#include <array>
#include <string_view>
#include <tuple>

#include "store/records.h"

namespace aipress::store {

// Specialised for every record: its table, the columns, how many of them, from the first, are the
// primary key, and the fields in the order of the columns.
template <typename Record>
struct TableOf;

template <>
struct TableOf<Project> {
    static constexpr std::string_view kName = "projects";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 6> kColumns{
        "id", "role", "region", "attributes", "created_at", "version"};
    static auto fields(auto& r) {
        return std::tie(r.id, r.role, r.region, r.attributes, r.created_at, r.version);
    }
};

template <>
struct TableOf<Epoch> {
    static constexpr std::string_view kName = "epochs";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 3> kColumns{"epoch", "num_shards", "created_at"};
    static auto fields(auto& r) { return std::tie(r.epoch, r.num_shards, r.created_at); }
};

template <>
struct TableOf<Shard> {
    static constexpr std::string_view kName = "shards";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 12> kColumns{
        "id",   "number",   "project",    "region", "state",      "cap_slots",
        "used", "reserved", "cap_weight", "weight", "updated_at", "version"};
    static auto fields(auto& r) {
        return std::tie(r.id, r.number, r.project, r.region, r.state, r.cap_slots, r.used,
                        r.reserved, r.cap_weight, r.weight, r.updated_at, r.version);
    }
};

template <>
struct TableOf<Tenant> {
    static constexpr std::string_view kName = "tenants";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 13> kColumns{
        "id",     "epoch", "home_shard", "shard",      "next_shard", "pinned_to", "state",
        "weight", "bytes", "placed_by",  "created_at", "updated_at", "version"};
    static auto fields(auto& r) {
        return std::tie(r.id, r.epoch, r.home_shard, r.shard, r.next_shard, r.pinned_to, r.state,
                        r.weight, r.bytes, r.placed_by, r.created_at, r.updated_at, r.version);
    }
};

template <>
struct TableOf<Route> {
    static constexpr std::string_view kName = "routes";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 7> kColumns{
        "tenant", "shard", "home_shard", "state", "endpoint", "changed_at", "version"};
    static auto fields(auto& r) {
        return std::tie(r.tenant, r.shard, r.home_shard, r.state, r.endpoint, r.changed_at,
                        r.version);
    }
};

template <>
struct TableOf<PastRoute> {
    static constexpr std::string_view kName = "past_routes";
    static constexpr std::size_t kKeys = 2;
    static constexpr std::array<std::string_view, 7> kColumns{
        "tenant", "version", "shard", "home_shard", "state", "endpoint", "changed_at"};
    static auto fields(auto& r) {
        return std::tie(r.tenant, r.version, r.shard, r.home_shard, r.state, r.endpoint,
                        r.changed_at);
    }
};

template <>
struct TableOf<Migration> {
    static constexpr std::string_view kName = "migrations";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 12> kColumns{
        "id",         "tenant",  "from_project", "to_shard", "state",      "reason",
        "relocation", "options", "entries",      "begun_at", "updated_at", "version"};
    static auto fields(auto& r) {
        return std::tie(r.id, r.tenant, r.from_project, r.to_shard, r.state, r.reason, r.relocation,
                        r.options, r.entries, r.begun_at, r.updated_at, r.version);
    }
};

template <>
struct TableOf<Step> {
    static constexpr std::string_view kName = "steps";
    static constexpr std::size_t kKeys = 2;
    static constexpr std::array<std::string_view, 8> kColumns{
        "migration", "sequence", "at", "action", "event", "state", "reason", "facts"};
    static auto fields(auto& r) {
        return std::tie(r.migration, r.sequence, r.at, r.action, r.event, r.state, r.reason,
                        r.facts);
    }
};

template <>
struct TableOf<LeaseRow> {
    static constexpr std::string_view kName = "leases";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 5> kColumns{"name", "holder", "token",
                                                              "expires_at", "writes"};
    static auto fields(auto& r) {
        return std::tie(r.name, r.holder, r.token, r.expires_at, r.writes);
    }
};

template <>
struct TableOf<Operation> {
    static constexpr std::string_view kName = "operations";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 7> kColumns{
        "id", "kind", "target", "request", "answer", "actor", "at"};
    static auto fields(auto& r) {
        return std::tie(r.id, r.kind, r.target, r.request, r.answer, r.actor, r.at);
    }
};

template <>
struct TableOf<Event> {
    static constexpr std::string_view kName = "events";
    static constexpr std::size_t kKeys = 1;
    static constexpr std::array<std::string_view, 8> kColumns{
        "id", "at", "operation", "actor", "kind", "target", "before", "after"};
    static auto fields(auto& r) {
        return std::tie(r.id, r.at, r.operation, r.actor, r.kind, r.target, r.before, r.after);
    }
};

}  // namespace aipress::store
