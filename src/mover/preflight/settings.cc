// What the application would find different on the other server, and what the mover cannot work
// with.
#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string>

#include "mover/preflight/inspection.h"
#include "mysql/bulk_insert.h"

namespace aipress::mover {
namespace {

std::string value_of(ServerFacts const& facts, std::string_view name) {
    auto const* value = facts.variable(name);
    return value == nullptr ? "" : *value;
}

std::set<std::string> modes(std::string_view list) {
    std::set<std::string> found;
    for (std::size_t at = 0; at < list.size();) {
        auto const end = std::min(list.find(',', at), list.size());
        found.emplace(list.substr(at, end - at));
        at = end + 1;
    }
    return found;
}

std::string zone_of(ServerFacts const& facts) {
    return facts.is("time_zone", "SYSTEM") ? value_of(facts, "system_time_zone")
                                           : value_of(facts, "time_zone");
}

void check_what_the_application_sees(Inspection& inspection) {
    auto const& source = inspection.source;
    auto const& target = inspection.target;
    auto const source_mode = value_of(source, "sql_mode");
    auto const target_mode = value_of(target, "sql_mode");
    if (modes(source_mode) != modes(target_mode)) {
        inspection.degraded("target", "sql-mode-differs", "sql_mode",
                            fmt::format("after the switch the application meets sql_mode '{}' "
                                        "instead of '{}'",
                                        target_mode, source_mode),
                            fmt::format("SET GLOBAL sql_mode = '{}';", source_mode));
    }
    if (zone_of(source) != zone_of(target)) {
        inspection.degraded("target", "time-zone-differs", "time_zone",
                            fmt::format("after the switch the application meets time zone {} "
                                        "instead of {}",
                                        zone_of(target), zone_of(source)),
                            fmt::format("SET GLOBAL time_zone = '{}';", zone_of(source)));
    }
    for (std::string_view const name : {"auto_increment_increment", "auto_increment_offset"}) {
        if (value_of(source, name) == value_of(target, name)) continue;
        inspection.degraded("target", "auto-increment-differs", std::string(name),
                            fmt::format("{} is {} on the target and {} on the source", name,
                                        value_of(target, name), value_of(source, name)),
                            fmt::format("SET GLOBAL {} = {};", name, value_of(source, name)));
    }
    if (target.number("max_allowed_packet", 0) < source.number("max_allowed_packet", 0)) {
        inspection.degraded("target", "packet-smaller", "max_allowed_packet",
                            fmt::format("max_allowed_packet is {} on the target and {} on the "
                                        "source: statements that work today may be refused",
                                        value_of(target, "max_allowed_packet"),
                                        value_of(source, "max_allowed_packet")),
                            fmt::format("SET GLOBAL max_allowed_packet = {};",
                                        value_of(source, "max_allowed_packet")));
    }
}

void check_what_the_mover_needs(Inspection& inspection) {
    auto const& source = inspection.source;
    auto const& target = inspection.target;
    auto const cases = "lower_case_table_names";
    if (value_of(source, cases) != value_of(target, cases)) {
        inspection.fault("both", "table-name-case-differs", cases,
                         fmt::format("lower_case_table_names is {} on the source and {} on the "
                                     "target: names would not mean the same",
                                     value_of(source, cases), value_of(target, cases)),
                         "move to a server initialised with the source's setting");
    }
    if (target.is("local_infile", "OFF") && !mysql::BulkInsert::supported_by(*target.connection)) {
        inspection.notice("target", "local-infile-off", "local_infile",
                          "LOAD DATA LOCAL is off on the target: rows are inserted by statements, "
                          "which is slower",
                          "SET GLOBAL local_infile = ON;");
    }
    for (auto const* facts : {&source, &target}) {
        if (!facts->is("read_only", "ON") && !facts->is("super_read_only", "ON")) continue;
        inspection.fault(facts->side_name(), "read-only", "read_only",
                         "the server is read-only; heartbeats and rows could not be written",
                         "SET GLOBAL read_only = OFF;");
    }
}

void check_account_lock(Inspection& inspection) {
    for (auto const* facts : {&inspection.source, &inspection.target}) {
        auto const& version = facts->version();
        if (version.is_mariadb() || version.mysql_at_least(50706)) continue;
        inspection.notice(facts->side_name(), "no-account-lock", "",
                          fmt::format("MySQL {} has no ACCOUNT LOCK: in the fence the accounts' "
                                      "privileges are revoked, and granted again after it",
                                      version.text));
    }
}

}  // namespace

Result<void> check_settings(Inspection& inspection) {
    check_what_the_application_sees(inspection);
    check_what_the_mover_needs(inspection);
    check_account_lock(inspection);
    return {};
}

Result<void> check_prepared_transactions(Inspection& inspection) {
    auto const rows = inspection.source.connection->query(inspection.context, "XA RECOVER");
    if (!rows.ok()) {
        if (rows.error().code() != ErrorCode::PermissionDenied) return rows.error();
        inspection.notice("source", "prepared-transactions-unseen", "",
                          "prepared XA transactions cannot be listed; none must exist",
                          fmt::format("GRANT XA_RECOVER_ADMIN ON *.* TO {};",
                                      inspection.source.grants.account()));
        return {};
    }
    for (auto const& row : rows.value().rows) {
        inspection.fault("source", "prepared-transaction", row.back().value_or(""),
                         "an XA transaction is prepared: it could commit at any time, also behind "
                         "the fence",
                         "XA COMMIT or XA ROLLBACK it");
    }
    return {};
}

}  // namespace aipress::mover
