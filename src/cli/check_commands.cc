#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "mover/compare.h"
#include "mover/preflight.h"
#include "mysql/schema.h"

namespace aipress::cli {
namespace {

constexpr milliseconds kPreflightTimeout{120'000};

Context context_of(Environment& environment, Deadline deadline) {
    return {environment.clock, deadline, environment.stop};
}

struct Checked {
    mover::PreflightReport findings;
    mysql::Connection source;
};

Result<Checked> check_servers(Context const& context, DatabaseArguments const& arguments) {
    // A database that is missing is a finding, not a failed login.
    mysql::SessionOptions const session{.use_database = false};
    auto source =
        TRY(mysql::Connection::open(context, *arguments.source, session).in_context("source"));
    auto target =
        TRY(mysql::Connection::open(context, *arguments.target, session).in_context("target"));
    auto findings = TRY(mover::preflight(context, source, target, arguments.options,
                                         mover::TargetContent::MustBeEmpty));
    return Checked{std::move(findings), std::move(source)};
}

int fail(Error const& error) {
    print_failure(error.message(), "");
    return exit_code(error);
}

// The journal names its two sides; what is compared has to be those.
Result<void> check_journal(DatabaseArguments const& arguments) {
    if (arguments.journal.empty()) return {};
    auto const report = TRY(mover::read_journal_report(arguments.journal));
    bool const is_same = report.source == arguments.source->display() &&
                         report.target == arguments.target->display();
    if (is_same) return {};
    return Error(ErrorCode::FailedPrecondition,
                 fmt::format("this journal moves {} to {}", report.source, report.target));
}

std::string comparing_line(mover::CompareReport const& report) {
    return fmt::format("comparing    {} tables, {} rows, {} differences", report.tables,
                       format_count(report.rows), format_count(report.difference_count));
}

}  // namespace

int run_preflight(DatabaseArguments const& arguments, Environment& environment) {
    auto const context =
        context_of(environment, Deadline::after(environment.clock, kPreflightTimeout));
    auto const checked = check_servers(context, arguments);
    if (!checked.ok()) return fail(checked.error());
    print_data(render_preflight(checked->findings, arguments.format));
    return checked->findings.passed() ? 0 : 1;
}

int run_dry_run(DatabaseArguments const& arguments, Environment& environment) {
    auto const context =
        context_of(environment, Deadline::after(environment.clock, kPreflightTimeout));
    auto checked = check_servers(context, arguments);
    if (!checked.ok()) return fail(checked.error());
    auto const schema = mysql::read_schema(context, checked->source, arguments.source->database);
    // Without a readable schema there is no plan; the findings say why.
    print_data(schema.ok() ? render_plan(checked->findings, schema.value(), arguments.options,
                                         arguments.format)
                           : render_preflight(checked->findings, arguments.format));
    return schema.ok() && checked->findings.passed() ? 0 : 1;
}

int run_verify(DatabaseArguments const& arguments, Environment& environment) {
    auto const journal = check_journal(arguments);
    if (!journal.ok()) return fail(journal.error());
    bool const is_shown = !arguments.quiet && style_of_stderr() == ProgressStyle::Terminal;
    mover::CompareOptions options{.workers = arguments.options.workers, .on_progress = {}};
    if (is_shown) {
        options.on_progress = [](mover::CompareReport const& report) {
            write_to_stderr("\r\x1b[K" + comparing_line(report));
        };
    }
    auto const compared = mover::compare_databases(context_of(environment, Deadline::never()),
                                                   *arguments.source, *arguments.target, options);
    if (is_shown) write_to_stderr("\r\x1b[K");
    if (!compared.ok()) return fail(compared.error());
    print_data(render_comparison(compared.value(), arguments.format));
    return compared->difference_count == 0 ? 0 : 1;
}

}  // namespace aipress::cli
