#include "sql/schema.h"

#include <fmt/format.h>

#include "base/sha256.h"

namespace aipress::sql {

char const* const kVersionsTable =
    "CREATE TABLE IF NOT EXISTS schema_versions ("
    "version bigint NOT NULL, name varchar NOT NULL, digest varchar NOT NULL, "
    "applied_at timestamptz NOT NULL, PRIMARY KEY (version))";

namespace {

Error other_statements(Migration const& migration) {
    return {ErrorCode::FailedPrecondition,
            fmt::format("version {} of the store's schema (\"{}\") was made by other statements "
                        "than this program's: it is of another build",
                        migration.version, migration.name)};
}

Result<SchemaState> read_state(Transaction& transaction, std::vector<Migration> const& migrations) {
    SchemaState state{.wanted = static_cast<std::int64_t>(migrations.size())};
    auto const rows =
        TRY(transaction.query("SELECT version, digest FROM schema_versions ORDER BY version"));
    for (auto const& row : rows) {
        std::string digest;
        TRY(row.into(state.version, digest));
        if (state.version < 1 || state.version > state.wanted) continue;
        auto const& migration = migrations[static_cast<std::size_t>(state.version - 1)];
        if (migration.digest() != digest) return other_statements(migration);
    }
    if (state.version > state.wanted) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the store's schema has version {}, this program knows {}: "
                                 "install the newer program",
                                 state.version, state.wanted));
    }
    return state;
}

}  // namespace

std::string Migration::digest() const {
    std::string all;
    for (auto const& statement : statements) all += statement + ";\n";
    return sha256_hex(all).substr(0, 16);
}

Result<SchemaState> schema_state(Context const& context, Database& database,
                                 std::vector<Migration> const& migrations) {
    if (!TRY(database.has_table(context, "schema_versions"))) {
        return SchemaState{.wanted = static_cast<std::int64_t>(migrations.size())};
    }
    return database.read(
        context, [&](Transaction& transaction) { return read_state(transaction, migrations); });
}

Result<SchemaState> migrate(Context const& context, Database& database,
                            std::vector<Migration> const& migrations) {
    auto const before = TRY(schema_state(context, database, migrations));
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        auto const& migration = migrations[i];
        ASSERT(migration.version == static_cast<std::int64_t>(i) + 1);
        if (migration.version <= before.version) continue;
        TRY(database.apply(context, migration)
                .in_context(fmt::format("version {} of the store's schema", migration.version)));
    }
    return schema_state(context, database, migrations);
}

Result<bool> is_applied(Transaction& transaction, Migration const& migration) {
    auto const row = TRY(transaction.query_one(
        "SELECT digest FROM schema_versions WHERE version = $1", {migration.version}));
    if (!row) return false;
    std::string digest;
    TRY(row->into(digest));
    if (digest != migration.digest()) return other_statements(migration);
    return true;
}

Result<void> record_applied(Transaction& transaction, Migration const& migration) {
    auto const now = timestamp_of(transaction.context().clock().wall_now());
    TRY(
        transaction.execute("INSERT INTO schema_versions (version, name, digest, applied_at) "
                            "VALUES ($1, $2, $3, $4) ON CONFLICT (version) DO NOTHING",
                            {migration.version, migration.name, migration.digest(), now}));
    return {};
}

}  // namespace aipress::sql
