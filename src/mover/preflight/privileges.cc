// What the mover's own account must be allowed on either side, in both directions.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "mover/metadata.h"
#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

// Any one of these will do; the first is what is asked for.
using Alternatives = std::vector<std::string_view>;

std::string pattern_of(std::string_view database) {
    std::string pattern;
    for (char const c : database) {
        if (c == '_' || c == '%' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return mysql::quote_identifier(pattern);
}

void report_missing(Inspection& inspection, ServerFacts const& facts, std::string const& scope,
                    std::vector<std::string_view> const& missing, std::string_view why) {
    if (missing.empty()) return;
    inspection.fault(facts.side_name(), "missing-privilege", scope,
                     fmt::format("{} lacks {} on {}: {}", facts.grants.account(),
                                 fmt::join(missing, ", "), scope, why),
                     fmt::format("GRANT {} ON {} TO {};", fmt::join(missing, ", "), scope,
                                 facts.grants.account()));
}

void require_global(Inspection& inspection, ServerFacts const& facts,
                    std::vector<Alternatives> const& required) {
    std::vector<std::string_view> missing;
    for (auto const& alternatives : required) {
        bool const has_one =
            std::any_of(alternatives.begin(), alternatives.end(),
                        [&](std::string_view name) { return facts.grants.has_global(name); });
        if (!has_one) missing.push_back(alternatives.front());
    }
    report_missing(inspection, facts, "*.*", missing,
                   "it follows the binary log, locks accounts and ends their sessions");
}

void require_on(Inspection& inspection, ServerFacts const& facts, std::string_view database,
                std::vector<std::string_view> const& required, std::string_view why) {
    std::vector<std::string_view> missing;
    for (auto const privilege : required) {
        if (!facts.grants.has(privilege, database)) missing.push_back(privilege);
    }
    report_missing(inspection, facts, pattern_of(database) + ".*", missing, why);
}

std::vector<Alternatives> global_privileges(ServerFacts const& facts) {
    auto const& version = facts.version();
    std::vector<Alternatives> required = {{"CREATE USER"}, {"PROCESS"}};
    if (version.mariadb_at_least(100502)) {
        required.push_back({"CONNECTION ADMIN", "SUPER"});
    } else if (version.mysql_at_least(80000)) {
        required.push_back({"CONNECTION_ADMIN", "SUPER"});
    } else {
        required.push_back({"SUPER"});
    }
    if (!facts.is_followed) return required;
    required.push_back({"REPLICATION SLAVE"});
    if (version.mariadb_at_least(100502)) {
        required.push_back({"BINLOG MONITOR", "SUPER"});
    } else {
        required.push_back({"REPLICATION CLIENT", "SUPER"});
    }
    return required;
}

std::vector<std::string_view> database_privileges(ServerFacts const& facts) {
    std::vector<std::string_view> required = {"SELECT", "LOCK TABLES", "SHOW VIEW", "EVENT",
                                              "TRIGGER"};
    if (facts.is_written) {
        required.insert(required.end(), {"INSERT", "UPDATE", "DELETE", "ALTER"});
    }
    if (facts.side == Side::Target) {
        required.insert(required.end(), {"CREATE", "DROP", "INDEX", "REFERENCES", "CREATE VIEW",
                                         "CREATE ROUTINE", "ALTER ROUTINE"});
    }
    if (fences_by_revoking(facts)) required.emplace_back("GRANT OPTION");
    return required;
}

// SHOW GRANTS says it behind the list of privileges, not in it.
Result<bool> has_grant_option(Inspection& inspection, ServerFacts const& facts) {
    auto const rows = TRY(facts.connection->query(inspection.context, "SHOW GRANTS"));
    return std::any_of(rows.rows.begin(), rows.rows.end(), [](mysql::Row const& row) {
        auto const& line = row.at(0).value_or("");
        return line.find(" ON *.* ") != std::string::npos &&
               line.find("WITH GRANT OPTION") != std::string::npos;
    });
}

Result<void> check_side(Inspection& inspection, ServerFacts const& facts) {
    require_global(inspection, facts, global_privileges(facts));
    auto required = database_privileges(facts);
    if (fences_by_revoking(facts) && TRY(has_grant_option(inspection, facts))) {
        std::erase(required, std::string_view("GRANT OPTION"));
    }
    require_on(inspection, facts, facts.database, required,
               facts.is_written ? "rows are read and written there" : "rows are read there");
    require_on(inspection, facts, metadata::kDatabase,
               {"CREATE", "DROP", "SELECT", "INSERT", "UPDATE", "DELETE"},
               "the mover keeps its heartbeat there");
    require_on(inspection, facts, "mysql", {"SELECT"},
               "accounts that can write to the database are found there");
    return {};
}

}  // namespace

bool fences_by_revoking(ServerFacts const& facts) {
    return !facts.version().is_mariadb() && !facts.version().mysql_at_least(50706);
}

Result<void> check_privileges(Inspection& inspection) {
    TRY(check_side(inspection, inspection.source));
    return check_side(inspection, inspection.target);
}

}  // namespace aipress::mover
