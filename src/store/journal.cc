#include "store/journal.h"

#include <array>
#include <fmt/format.h>

#include "store/store.h"

namespace aipress::store {
namespace {

constexpr std::array<std::string_view, 2> kOver{"completed", "rolled-back"};

bool is_same(Step const& one, Step const& other) {
    return one.at == other.at && one.action == other.action && one.event == other.event &&
           one.state == other.state && one.reason == other.reason && one.facts == other.facts;
}

}  // namespace

std::string migration_lease(std::string_view migration) {
    return fmt::format("migration/{}", migration);
}

bool is_over(std::string_view state) {
    return state == kOver[0] || state == kOver[1];
}

Result<std::optional<Migration>> migration_under_way(sql::Transaction& transaction,
                                                     std::string const& tenant) {
    auto found = TRY(Table<Migration>(transaction)
                         .select("WHERE tenant = $1 AND state <> $2 AND state <> $3 "
                                 "ORDER BY id DESC LIMIT 1",
                                 {tenant, kOver[0], kOver[1]}));
    if (found.empty()) return std::optional<Migration>();
    return std::optional<Migration>(std::move(found.front()));
}

Result<std::vector<Migration>> migrations_under_way(sql::Transaction& transaction,
                                                    std::string const& after, std::size_t most) {
    return Table<Migration>(transaction)
        .select("WHERE id > $1 AND state <> $2 AND state <> $3 ORDER BY id LIMIT $4",
                {after, kOver[0], kOver[1], static_cast<std::int64_t>(most)});
}

Result<Migration> begin_migration(sql::Transaction& transaction, Lease const& lease,
                                  Migration const& migration) {
    TRY(fence(transaction, lease));
    auto const other = TRY(migration_under_way(transaction, migration.tenant));
    if (other && other->id == migration.id) return *other;  // our own, whose answer was lost
    if (other) {
        return Error(ErrorCode::AlreadyExists,
                     fmt::format("{} has a migration under way, {} ({}): end that one first",
                                 migration.tenant, other->id, other->state));
    }
    auto begun = migration;
    begun.version = 1;
    begun.entries = 0;
    TRY(Table<Migration>(transaction).insert(begun));
    return begun;
}

Result<Migration> append_step(sql::Transaction& transaction, Lease const& lease, Step const& step) {
    TRY(fence(transaction, lease));
    Table<Migration> migrations(transaction);
    Table<Step> steps(transaction);
    auto migration = TRY(migrations.get(step.migration));
    if (auto const earlier = TRY(steps.find(step.migration, step.sequence))) {
        if (is_same(*earlier, step)) return migration;  // our own, whose answer was lost
        return Error(ErrorCode::Aborted,
                     fmt::format("entry {} of migration {} is another one: read the journal again",
                                 step.sequence, step.migration));
    }
    if (step.sequence != migration.entries + 1) {
        return Error(ErrorCode::Aborted,
                     fmt::format("migration {} has {} entries: entry {} does not follow",
                                 step.migration, migration.entries, step.sequence));
    }
    TRY(steps.insert(step));
    migration.entries = step.sequence;
    migration.updated_at = step.at;
    if (step.state) {
        migration.state = *step.state;
        migration.reason = step.reason;
    }
    return migrations.update(std::move(migration));
}

Result<std::vector<Step>> steps_of(sql::Transaction& transaction, std::string const& migration,
                                   std::int64_t after, std::size_t most) {
    return Table<Step>(transaction)
        .select("WHERE migration = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
                {migration, after, static_cast<std::int64_t>(most)});
}

}  // namespace aipress::store
