#include "store/schema.h"

namespace aipress::store {
namespace {

sql::Migration fleet_tables() {
    return {1,
            "the fleet, its migrations and their journals",
            {
                R"(CREATE TABLE IF NOT EXISTS projects (
                    id varchar NOT NULL, role varchar NOT NULL, region varchar NOT NULL,
                    attributes varchar NOT NULL, created_at timestamptz NOT NULL,
                    version bigint NOT NULL, PRIMARY KEY (id)))",
                R"(CREATE TABLE IF NOT EXISTS epochs (
                    epoch bigint NOT NULL, num_shards bigint NOT NULL,
                    created_at timestamptz NOT NULL, PRIMARY KEY (epoch),
                    CHECK (num_shards > 0)))",
                R"(CREATE TABLE IF NOT EXISTS shards (
                    id varchar NOT NULL, number bigint NOT NULL, project varchar NOT NULL,
                    region varchar NOT NULL, state varchar NOT NULL, cap_slots bigint NOT NULL,
                    used bigint NOT NULL, reserved bigint NOT NULL, cap_weight bigint NOT NULL,
                    weight bigint NOT NULL, updated_at timestamptz NOT NULL,
                    version bigint NOT NULL, PRIMARY KEY (id),
                    CHECK (used >= 0), CHECK (reserved >= 0), CHECK (weight >= 0),
                    CHECK (used + reserved <= cap_slots), CHECK (weight <= cap_weight)))",
                "CREATE UNIQUE INDEX IF NOT EXISTS shards_by_number ON shards (number)",
                R"(CREATE TABLE IF NOT EXISTS tenants (
                    id varchar NOT NULL, epoch bigint NOT NULL, home_shard varchar NOT NULL,
                    shard varchar, next_shard varchar, pinned_to varchar, state varchar NOT NULL,
                    weight bigint NOT NULL, bytes bigint NOT NULL, placed_by varchar NOT NULL,
                    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
                    version bigint NOT NULL, PRIMARY KEY (id),
                    CHECK (weight >= 0), CHECK (bytes >= 0)))",
                "CREATE INDEX IF NOT EXISTS tenants_by_shard ON tenants (shard, id)",
                R"(CREATE TABLE IF NOT EXISTS routes (
                    tenant varchar NOT NULL, shard varchar, home_shard varchar NOT NULL,
                    state varchar NOT NULL, endpoint varchar NOT NULL,
                    changed_at timestamptz NOT NULL, version bigint NOT NULL,
                    PRIMARY KEY (tenant)))",
                "CREATE INDEX IF NOT EXISTS routes_by_change ON routes (changed_at, tenant)",
                R"(CREATE TABLE IF NOT EXISTS past_routes (
                    tenant varchar NOT NULL, version bigint NOT NULL, shard varchar,
                    home_shard varchar NOT NULL, state varchar NOT NULL, endpoint varchar NOT NULL,
                    changed_at timestamptz NOT NULL, PRIMARY KEY (tenant, version)))",
                R"(CREATE TABLE IF NOT EXISTS migrations (
                    id varchar NOT NULL, tenant varchar NOT NULL, from_project varchar NOT NULL,
                    to_shard varchar NOT NULL, state varchar NOT NULL, reason varchar NOT NULL,
                    relocation varchar NOT NULL, options varchar NOT NULL, entries bigint NOT NULL,
                    begun_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
                    version bigint NOT NULL, PRIMARY KEY (id)))",
                "CREATE INDEX IF NOT EXISTS migrations_by_tenant ON migrations (tenant, id)",
                "CREATE INDEX IF NOT EXISTS migrations_by_state ON migrations (state, id)",
                R"(CREATE TABLE IF NOT EXISTS steps (
                    migration varchar NOT NULL, sequence bigint NOT NULL, at timestamptz NOT NULL,
                    action varchar NOT NULL, event varchar NOT NULL, state varchar,
                    reason varchar NOT NULL, facts varchar NOT NULL,
                    PRIMARY KEY (migration, sequence)))",
                R"(CREATE TABLE IF NOT EXISTS leases (
                    name varchar NOT NULL, holder varchar NOT NULL, token bigint NOT NULL,
                    expires_at timestamptz NOT NULL, writes bigint NOT NULL, PRIMARY KEY (name)))",
                R"(CREATE TABLE IF NOT EXISTS operations (
                    id varchar NOT NULL, kind varchar NOT NULL, target varchar NOT NULL,
                    request varchar NOT NULL, answer varchar NOT NULL, actor varchar NOT NULL,
                    at timestamptz NOT NULL, PRIMARY KEY (id)))",
                "CREATE INDEX IF NOT EXISTS operations_by_time ON operations (at, id)",
                R"(CREATE TABLE IF NOT EXISTS events (
                    id varchar NOT NULL, at timestamptz NOT NULL, operation varchar NOT NULL,
                    actor varchar NOT NULL, kind varchar NOT NULL, target varchar NOT NULL,
                    before varchar NOT NULL, after varchar NOT NULL, PRIMARY KEY (id)))",
                "CREATE INDEX IF NOT EXISTS events_by_target ON events (target, id)",
            }};
}

}  // namespace

std::vector<sql::Migration> const& migrations() {
    static std::vector<sql::Migration> const all{fleet_tables()};
    return all;
}

}  // namespace aipress::store
