// Can the binary log of each side that will be followed tell which rows changed?
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

#include "mover/metadata.h"
#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

constexpr double kSecondsADay = 86'400;

// Seconds that a log file is kept; infinity when for ever.
double retention_seconds(ServerFacts const& facts) {
    auto const* seconds = facts.variable("binlog_expire_logs_seconds");
    auto const* days = facts.variable("expire_logs_days");
    double const kept = std::max(seconds == nullptr ? 0 : std::atof(seconds->c_str()),
                                 days == nullptr ? 0 : std::atof(days->c_str()) * kSecondsADay);
    return kept > 0 ? kept : INFINITY;
}

void check_format(Inspection& inspection, ServerFacts const& facts) {
    auto const side = facts.side_name();
    if (!facts.is("binlog_format", "ROW")) {
        auto const* format = facts.variable("binlog_format");
        inspection.fault(side, "binlog-format", "binlog_format",
                         fmt::format("binlog_format is {}: statements do not say which rows they "
                                     "changed",
                                     format == nullptr ? "unknown" : *format),
                         "SET GLOBAL binlog_format = 'ROW'; then let every session of the "
                         "application end, since open ones keep the old format");
    }
    if (auto const* image = facts.variable("binlog_row_image");
        image != nullptr && !facts.is("binlog_row_image", "FULL")) {
        inspection.notice(side, "binlog-row-image", "binlog_row_image",
                          fmt::format("binlog_row_image is {}; the key columns are all that the "
                                      "mover needs",
                                      *image));
    }
    if (auto const* partial = facts.variable("binlog_row_value_options");
        partial != nullptr && !partial->empty()) {
        inspection.notice(side, "binlog-partial-values", "binlog_row_value_options",
                          fmt::format("binlog_row_value_options is {}; values are never taken from "
                                      "the log",
                                      *partial));
    }
    if (facts.is("binlog_order_commits", "OFF")) {
        inspection.fault(side, "binlog-order-commits", "binlog_order_commits",
                         "binlog_order_commits is OFF: a heartbeat would not prove that earlier "
                         "commits are visible",
                         "SET GLOBAL binlog_order_commits = ON;");
    }
}

void check_keeping(Inspection& inspection, ServerFacts const& facts) {
    auto const side = facts.side_name();
    if (double const kept = retention_seconds(facts); kept < kSecondsADay) {
        inspection.degraded(
            side, "binlog-retention", "binlog_expire_logs_seconds",
            fmt::format("binary logs are deleted after {:.0f} s; a move that rests "
                        "longer than that has to start again",
                        kept),
            facts.version().mysql_at_least(80000) || facts.version().mariadb_at_least(100601)
                ? "SET GLOBAL binlog_expire_logs_seconds = 172800;"
                : "SET GLOBAL expire_logs_days = 2;");
    }
    for (std::string_view const name : {"sync_binlog", "innodb_flush_log_at_trx_commit"}) {
        auto const* value = facts.variable(name);
        if (value != nullptr && *value != "1") {
            inspection.notice(side, "durability", std::string(name),
                              fmt::format("{} is {}: after a crash of the server its rows and its "
                                          "log may disagree, and the move has to start again",
                                          name, *value),
                              fmt::format("SET GLOBAL {} = 1;", name));
        }
    }
}

// A comma separated list of binlog-do-db or binlog-ignore-db.
bool lists(std::string_view list, std::string_view name) {
    for (std::size_t at = 0; at < list.size();) {
        auto const end = std::min(list.find(',', at), list.size());
        if (list.substr(at, end - at) == name) return true;
        at = end + 1;
    }
    return false;
}

Result<void> check_filter(Inspection& inspection, ServerFacts const& facts) {
    bool const is_new_name = facts.version().mysql_at_least(80200);
    auto const status = facts.connection->query(
        inspection.context, is_new_name ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
    if (!status.ok()) {
        // Said as a missing privilege already.
        if (status.error().code() == ErrorCode::PermissionDenied) return {};
        return status.error();
    }
    auto const& rows = status.value();
    if (rows.rows.empty()) return {};
    auto const& wanted = rows.text(0, "Binlog_Do_DB");
    auto const& ignored = rows.text(0, "Binlog_Ignore_DB");
    for (std::string_view const name : {std::string_view(facts.database), metadata::kDatabase}) {
        if ((wanted.empty() || lists(wanted, name)) && !lists(ignored, name)) continue;
        inspection.fault(facts.side_name(), "binlog-filter", std::string(name),
                         fmt::format("changes of {} are kept out of the binary log by "
                                     "binlog-do-db or binlog-ignore-db",
                                     name),
                         "take the option out of the server's settings and restart it");
    }
    return {};
}

// MariaDB's SHOW SLAVE STATUS leaves named channels out.
std::string_view replica_status(mysql::ServerVersion const& version) {
    if (version.is_mariadb()) return "SHOW ALL SLAVES STATUS";
    return version.mysql_at_least(80022) ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
}

// A replica writes what it replays to its own log only if told so.
Result<void> check_replica(Inspection& inspection, ServerFacts const& facts) {
    if (facts.is("log_slave_updates", "ON") || facts.is("log_replica_updates", "ON")) return {};
    auto const status =
        facts.connection->query(inspection.context, replica_status(facts.version()));
    if (!status.ok()) {
        if (status.error().code() != ErrorCode::PermissionDenied) return status.error();
        bool const has_own_privilege = facts.version().mariadb_at_least(100509);
        inspection.notice(facts.side_name(), "replication-unseen", "log_slave_updates",
                          "whether this server is a replica cannot be seen; it would not log what "
                          "it replays",
                          fmt::format("GRANT {} ON *.* TO {};",
                                      has_own_privilege ? "REPLICA MONITOR" : "REPLICATION CLIENT",
                                      facts.grants.account()));
        return {};
    }
    if (status.value().rows.empty()) return {};
    inspection.fault(facts.side_name(), "replica-without-log", "log_slave_updates",
                     "this server is a replica and does not log what it replays",
                     "set log_slave_updates in the server's settings and restart it, or move from "
                     "its primary");
    return {};
}

Result<void> check_side(Inspection& inspection, ServerFacts const& facts) {
    auto const side = facts.side_name();
    if (!facts.is("log_bin", "ON")) {
        inspection.fault(side, "binlog-off", "log_bin",
                         facts.side == Side::Source
                             ? "the binary log is off: changes made during the copy cannot be "
                               "followed"
                             : "the binary log is off: after the switch nothing can be carried "
                               "back",
                         facts.side == Side::Source
                             ? "set log_bin and server_id in the server's settings and restart it"
                             : "set log_bin and server_id in the server's settings and restart it, "
                               "or move with --reverse none");
        return {};
    }
    if (facts.number("server_id", 1) == 0) {
        inspection.fault(side, "server-id-zero", "server_id",
                         "server_id is 0: the server refuses to send its binary log",
                         "SET GLOBAL server_id = <a number of its own>;");
    }
    check_format(inspection, facts);
    check_keeping(inspection, facts);
    TRY(check_filter(inspection, facts));
    return check_replica(inspection, facts);
}

}  // namespace

Result<void> check_binlog(Inspection& inspection) {
    for (auto const* facts : {&inspection.source, &inspection.target}) {
        if (facts->is_followed) TRY(check_side(inspection, *facts));
    }
    return {};
}

}  // namespace aipress::mover
