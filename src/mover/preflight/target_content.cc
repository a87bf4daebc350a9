// What is in the target's database already.
#include <fmt/format.h>

#include "mover/preflight/inspection.h"
#include "mover/preflight/trial.h"

namespace aipress::mover {

Result<void> check_target_content(Inspection& inspection) {
    auto const& target = inspection.target;
    auto const database = mysql::quote_text(target.database);
    auto const defaults = TRY(target.connection->query(
        inspection.context,
        fmt::format("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA "
                    "WHERE SCHEMA_NAME = {}",
                    database)));
    if (defaults.rows.empty()) return {};
    if (inspection.schema && defaults.scalar() != inspection.schema->collation) {
        inspection.degraded(
            "target", "database-collation-differs", target.database,
            fmt::format("new tables would get {} instead of {}", defaults.scalar().value_or(""),
                        inspection.schema->collation),
            fmt::format("ALTER DATABASE {} CHARACTER SET {} COLLATE {};",
                        mysql::quote_identifier(target.database), inspection.schema->character_set,
                        inspection.schema->collation));
    }
    if (inspection.target_content == TargetContent::MayBeOurs) return {};
    auto const content = TRY(target.connection->query(
        inspection.context,
        fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {0} "
                    "AND TABLE_NAME <> {1} "
                    "UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE "
                    "ROUTINE_SCHEMA = {0} "
                    "UNION ALL SELECT EVENT_NAME FROM information_schema.EVENTS WHERE "
                    "EVENT_SCHEMA = {0}",
                    database, mysql::quote_text(kTrialTable))));
    if (content.rows.empty()) return {};
    inspection.fault("target", "target-not-empty", target.database,
                     fmt::format("the target's database has {} objects already, {} among them",
                                 content.rows.size(), content.scalar().value_or("")),
                     fmt::format("DROP DATABASE {}; when nobody needs it, or name another target",
                                 mysql::quote_identifier(target.database)));
    return {};
}

}  // namespace aipress::mover
