#include "mover/preflight.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <tuple>
#include <utility>

#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

struct Check {
    std::string_view name;
    Result<void> (*run)(Inspection&);
};

// Later checks lean on the findings of earlier ones; none stops another.
constexpr std::array<Check, 14> kChecks = {{
    {"identity", check_identity},
    {"privileges", check_privileges},
    {"binlog", check_binlog},
    {"settings", check_settings},
    {"accounts", check_accounts},
    {"prepared-transactions", check_prepared_transactions},
    {"tables", check_tables},
    {"temporal-columns", check_temporal_columns},
    {"foreign-keys", check_foreign_keys},
    {"large-values", check_large_values},
    {"objects", check_objects},
    {"target-content", check_target_content},
    {"trial", check_by_trial},
    {"disk", check_disk},
}};

bool is_over(Inspection const& inspection) {
    return inspection.context.stopped() || inspection.context.expired() ||
           !inspection.source.connection->usable() || !inspection.target.connection->usable();
}

// A schema that cannot be read is a finding; what can be said without it is still said.
Result<void> read_source_schema(Inspection& inspection) {
    auto const& database = inspection.source.database;
    auto schema = mysql::read_schema(inspection.context, *inspection.source.connection, database);
    if (schema.ok()) {
        inspection.schema = schema.release();
        return {};
    }
    if (is_over(inspection)) return schema.release_error();
    auto const& error = schema.error();
    if (error.code() == ErrorCode::NotFound) {
        inspection.fault("source", "database-missing", database, error.message(),
                         "name a database that exists, and that the account may see");
    } else {
        inspection.fault(
            "source", "schema-unreadable", database, error.message(),
            error.code() == ErrorCode::PermissionDenied
                ? fmt::format("GRANT SELECT ON *.* TO {};", inspection.source.grants.account())
                : "");
    }
    return {};
}

Result<void> run_checks(Inspection& inspection) {
    for (auto const& check : kChecks) {
        auto done = check.run(inspection);
        if (done.ok()) continue;
        if (is_over(inspection)) return done.release_error().in_context(check.name);
        // What a missing privilege hides has its finding, and its fix, already.
        bool const is_explained =
            done.error().code() == ErrorCode::PermissionDenied && !inspection.report->passed();
        inspection.add(is_explained ? Severity::Notice : Severity::Fault, "both", "check-failed",
                       std::string(check.name),
                       fmt::format("could not be checked: {}", done.error().message()),
                       "repair the cause and run preflight again");
    }
    return {};
}

void sort_findings(std::vector<Finding>& findings) {
    auto const rank = [](Finding const& finding) {
        return std::tie(finding.severity, finding.side, finding.code, finding.object);
    };
    std::stable_sort(
        findings.begin(), findings.end(),
        [&](Finding const& left, Finding const& right) { return rank(left) < rank(right); });
}

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::Fault:
            return "fault";
        case Severity::Degraded:
            return "degraded";
        case Severity::Notice:
            return "notice";
    }
    return "finding";
}

bool PreflightReport::passed() const {
    return std::none_of(findings.begin(), findings.end(),
                        [](Finding const& finding) { return finding.severity == Severity::Fault; });
}

std::vector<Finding> PreflightReport::faults() const {
    std::vector<Finding> found;
    std::copy_if(findings.begin(), findings.end(), std::back_inserter(found),
                 [](Finding const& finding) { return finding.severity == Severity::Fault; });
    return found;
}

Result<PreflightReport> preflight(Context const& context, mysql::Connection& source,
                                  mysql::Connection& target, MoveOptions const& options,
                                  TargetContent target_content) {
    PreflightReport report;
    auto const& from = options.source.database;
    auto const& to = options.target.database;
    auto source_facts = TRY(read_facts(context, source, Side::Source, from));
    auto target_facts = TRY(read_facts(context, target, Side::Target, to.empty() ? from : to));
    Inspection inspection{
        .context = context,
        .options = &options,
        .target_content = target_content,
        .source = std::move(source_facts),
        .target = std::move(target_facts),
        .schema = std::nullopt,
        .is_same_server = false,
        .report = &report,
    };
    bool const comes_back = options.reverse == ReverseMode::Keep;
    inspection.source.is_written = comes_back;
    inspection.target.is_followed = comes_back;
    TRY(read_source_schema(inspection));
    TRY(run_checks(inspection));
    sort_findings(report.findings);
    return report;
}

}  // namespace aipress::mover
