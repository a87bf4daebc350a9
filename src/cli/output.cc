#include "cli/output.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fmt/format.h>

#include "cli/durations.h"
#include "cli/table.h"
#include "mover/report_json.h"

namespace aipress::cli {
namespace {

using mover::Report;

constexpr std::size_t kProseWidth = 60;

std::string json_line(boost::json::object const& object) {
    return boost::json::serialize(object) + "\n";
}

class Facts {
public:
    void add(std::string name, std::string value) {
        table_.add_row({std::move(name), std::move(value)});
    }
    void add_time(std::string name, std::int64_t ms) {
        if (ms >= 0) add(std::move(name), format_duration(milliseconds(ms)));
    }
    // Without the line of titles.
    [[nodiscard]] std::string render() const {
        auto const text = table_.render();
        return text.substr(text.find('\n') + 1);
    }

private:
    Table table_{{{"", Align::Left}, {"", Align::Left}}};
};

std::string state_text(Report const& report) {
    std::string text(to_string(report.state));
    if (report.paused) text += ", paused";
    if (!report.throttled_by.empty()) text += ", resting: " + report.throttled_by;
    return text;
}

std::string render_facts(Report const& report, Running running) {
    Facts facts;
    facts.add("move", report.move_id);
    facts.add("source", report.source);
    facts.add("target", report.target);
    facts.add("state", state_text(report));
    facts.add("serves", report.owner);
    if (running != Running::NotSaid) facts.add("running", running == Running::Yes ? "yes" : "no");
    auto const late = report.tables_copied < report.tables ? count_late_tables(report) : 0;
    facts.add("tables",
              fmt::format("{} of {} copied{}", report.tables_copied, report.tables,
                          late > 0 ? fmt::format(", {} to be copied in the fence", late) : ""));
    facts.add("copied", fmt::format("{} rows, {}", format_count(report.rows_copied),
                                    format_bytes(report.bytes_copied)));
    facts.add("carried over",
              fmt::format("{} changed rows in {} rounds, {} keys waiting",
                          format_count(report.rows_changed), format_count(report.rounds),
                          format_count(report.dirty_keys)));
    facts.add("verified", fmt::format("{} rows, {} differences", format_count(report.verified_rows),
                                      format_count(report.differences)));
    if (report.copy_ms > 0) facts.add_time("copying took", report.copy_ms);
    if (report.catchup_ms > 0) facts.add_time("catching up took", report.catchup_ms);
    if (report.verify_ms > 0) facts.add_time("verifying took", report.verify_ms);
    facts.add_time("fence", report.fence_ms);
    facts.add_time("rollback fence", report.rollback_fence_ms);
    facts.add_time("lag", report.lag_ms);
    if (report.reverse_broken) {
        facts.add("way back", fmt::format("BROKEN: {}; {} change(s) at risk", report.reverse_error,
                                          format_count(report.writes_at_risk)));
    }
    if (!report.error.empty()) facts.add("stopped by", report.error);
    return facts.render();
}

std::string render_tables(Report const& report) {
    if (report.per_table.empty()) return "";
    Table table({{"table"},
                 {"mode"},
                 {"rows copied", Align::Right},
                 {"of about", Align::Right},
                 {"bytes", Align::Right},
                 {"changed", Align::Right},
                 {"verified", Align::Right}});
    for (auto const& row : report.per_table) {
        table.add_row({row.table, row.mode, format_count(row.rows_copied),
                       format_count(row.rows_estimate), format_bytes(row.bytes_copied),
                       format_count(row.rows_changed), format_count(row.rows_verified)});
    }
    return "\n" + table.render();
}

std::string render_refusals(Report const& report) {
    if (report.refused.empty()) return "";
    Table table({{"refused"}, {"object"}, {"because", Align::Left, kProseWidth}});
    for (auto const& refusal : report.refused) {
        table.add_row({refusal.code, refusal.object, refusal.message});
        if (!refusal.fix.empty()) table.add_row({"", "", "fix: " + refusal.fix});
    }
    return "\n" + table.render();
}

boost::json::array accounts_json(std::vector<mover::Account> const& accounts) {
    boost::json::array array;
    for (auto const& account : accounts) {
        array.push_back(
            {{"account", account.user + "@" + account.host}, {"locked", account.is_locked}});
    }
    return array;
}

boost::json::object preflight_json(mover::PreflightReport const& report) {
    boost::json::array findings;
    for (auto const& finding : report.findings) {
        findings.push_back({{"severity", to_string(finding.severity)},
                            {"code", finding.code},
                            {"side", finding.side},
                            {"object", finding.object},
                            {"message", finding.message},
                            {"fix", finding.fix}});
    }
    return {{"passed", report.passed()},
            {"findings", std::move(findings)},
            {"source_accounts", accounts_json(report.source_accounts.tenant)},
            {"target_accounts", accounts_json(report.target_accounts.tenant)},
            {"source_global_writers", accounts_json(report.source_accounts.global_writers)},
            {"target_global_writers", accounts_json(report.target_accounts.global_writers)}};
}

// A table whose changes the binlog cannot name by key is copied under the fence.
std::string_view planned_mode(mysql::Table const& table) {
    if (!table.has_key()) return "late";
    for (auto const& key : table.foreign_keys) {
        if (key.cascades()) return "late";
    }
    return "live";
}

std::vector<std::string> planned_steps(mover::MoveOptions const& options) {
    std::vector<std::string> steps{
        "make the tables on the target and follow the source's binary log",
        fmt::format("copy with {} workers, carry changes over, verify every row", options.workers),
    };
    switch (options.switch_when) {
        case mover::SwitchWhen::Now:
            steps.emplace_back("switch as soon as all is verified");
            break;
        case mover::SwitchWhen::WhenReady:
            steps.emplace_back("switch when all is verified and the lag is small");
            break;
        case mover::SwitchWhen::Manual:
            steps.emplace_back("stay in step until 'database switch'");
            break;
    }
    steps.push_back(
        fmt::format("hold writes for at most {}: lock accounts, end their sessions, "
                    "compare{}",
                    format_duration(options.fence_budget),
                    options.on_switch.empty() ? "" : ", run the switch command"));
    steps.emplace_back(options.reverse == mover::ReverseMode::Keep
                           ? "keep the source current until 'database finalize' or 'rollback'"
                           : "end there: no way back");
    return steps;
}

}  // namespace

std::string render_report(Report const& report, Running running, OutputFormat format) {
    if (format == OutputFormat::Table) {
        return render_facts(report, running) + render_tables(report) + render_refusals(report);
    }
    auto object = mover::to_json(report);
    if (running != Running::NotSaid) object["running"] = running == Running::Yes;
    return json_line(object);
}

std::string render_preflight(mover::PreflightReport const& report, OutputFormat format) {
    if (format == OutputFormat::Json) return json_line(preflight_json(report));
    if (report.findings.empty()) return "nothing found: the move can start\n";
    Table table(
        {{"severity"}, {"code"}, {"side"}, {"object"}, {"message", Align::Left, kProseWidth}});
    for (auto const& finding : report.findings) {
        table.add_row({std::string(to_string(finding.severity)), finding.code, finding.side,
                       finding.object, finding.message});
        if (!finding.fix.empty()) table.add_row({"", "", "", "", "fix: " + finding.fix});
    }
    auto const faults = report.faults().size();
    return table.render() + (faults == 0
                                 ? std::string("\nno faults: the move can start\n")
                                 : fmt::format("\n{} fault(s): the move is refused\n", faults));
}

std::string render_comparison(mover::CompareReport const& report, OutputFormat format) {
    if (format == OutputFormat::Json) {
        boost::json::array differences;
        for (auto const& difference : report.differences) {
            differences.push_back(
                {{"table", difference.table}, {"key", difference.key}, {"what", difference.what}});
        }
        return json_line({{"tables", report.tables},
                          {"rows", report.rows},
                          {"differences", report.difference_count},
                          {"verify_ms", report.verify_ms},
                          {"difference_list", std::move(differences)}});
    }
    std::string text;
    if (!report.differences.empty()) {
        Table table({{"table"}, {"key"}, {"difference"}});
        for (auto const& difference : report.differences) {
            table.add_row({difference.table, difference.key, difference.what});
        }
        text = table.render() + "\n";
        if (report.difference_count > report.differences.size()) {
            text += fmt::format("and {} more\n",
                                format_count(report.difference_count - report.differences.size()));
        }
    }
    return text + fmt::format("{} tables, {} rows compared in {}: {}\n", report.tables,
                              format_count(report.rows),
                              format_duration(milliseconds(report.verify_ms)),
                              report.difference_count == 0
                                  ? "equal"
                                  : format_count(report.difference_count) + " differences");
}

std::string render_plan(mover::PreflightReport const& findings, mysql::Schema const& schema,
                        mover::MoveOptions const& options, OutputFormat format) {
    auto const steps = planned_steps(options);
    if (format == OutputFormat::Json) {
        boost::json::array tables;
        for (auto const& table : schema.tables) {
            tables.push_back({{"table", table.name},
                              {"mode", planned_mode(table)},
                              {"rows_estimate", table.row_estimate},
                              {"bytes_estimate", table.data_bytes}});
        }
        return json_line({{"dry_run", true},
                          {"preflight", preflight_json(findings)},
                          {"tables", std::move(tables)},
                          {"steps", boost::json::array(steps.begin(), steps.end())}});
    }
    Table table({{"table"}, {"mode"}, {"rows, about", Align::Right}, {"bytes", Align::Right}});
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    for (auto const& part : schema.tables) {
        table.add_row({part.name, std::string(planned_mode(part)), format_count(part.row_estimate),
                       format_bytes(part.data_bytes)});
        rows += part.row_estimate;
        bytes += part.data_bytes;
    }
    table.add_row({"total", "", format_count(rows), format_bytes(bytes)});
    auto text = render_preflight(findings, format) + "\n" + table.render() + "\n";
    for (std::size_t i = 0; i < steps.size(); ++i) text += fmt::format("{}. {}\n", i + 1, steps[i]);
    return text + "Nothing was changed.\n";
}

std::string render_failure(std::string_view message, std::string_view next) {
    auto text = fmt::format("error: {}\n", message);
    if (!next.empty()) text += fmt::format("next: {}\n", next);
    return text;
}

void print_data(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void print_failure(std::string_view message, std::string_view next) {
    auto const text = render_failure(message, next);
    std::fwrite(text.data(), 1, text.size(), stderr);
}

int exit_code(Error const& error) {
    return error.code() == ErrorCode::InvalidArgument ? 2 : 1;
}

}  // namespace aipress::cli
