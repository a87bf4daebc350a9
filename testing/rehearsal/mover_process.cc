#include "testing/rehearsal/mover_process.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "json/fields.h"
#include "testing/rehearsal/child.h"

namespace aipress::rehearsal {
namespace {

constexpr milliseconds kCommandTimeout{60'000};
constexpr std::size_t kLogLines = 25;
constexpr char const* kSourcePassword = "AIPRESS_REHEARSAL_SOURCE_PASSWORD";
constexpr char const* kTargetPassword = "AIPRESS_REHEARSAL_TARGET_PASSWORD";

// Passwords are not for argv, which every user of the machine can read.
std::string url(mysql::Endpoint const& endpoint, char const* password_variable) {
    return fmt::format("mysql://{}@{}:{}/{}?password-env={}", endpoint.user, endpoint.host,
                       endpoint.port, endpoint.database, password_variable);
}

std::vector<std::pair<std::string, std::string>> passwords(MoverOptions const& options) {
    return {{kSourcePassword, options.source.password}, {kTargetPassword, options.target.password}};
}

std::filesystem::path journal(MoverOptions const& options) {
    return options.folder / "move.journal";
}
std::filesystem::path output_file(MoverOptions const& options) {
    return options.folder / "move.out";
}
std::filesystem::path error_file(MoverOptions const& options) {
    return options.folder / "move.err";
}

}  // namespace

Result<MoveStatus> parse_status(std::string_view json) {
    auto const object = TRY(json::parse_object(json));
    MoveStatus status;
    status.state = TRY(json::get_string(object, "state"));
    status.owner = TRY(json::get_string(object, "owner"));
    status.rows_estimate = TRY(json::get_integer(object, "rows_estimate"));
    status.rows_copied = TRY(json::get_integer(object, "rows_copied"));
    status.bytes_copied = TRY(json::get_integer(object, "bytes_copied"));
    status.rows_changed = TRY(json::get_integer(object, "rows_changed"));
    status.dirty_keys = TRY(json::get_integer(object, "dirty_keys"));
    status.lag_ms = TRY(json::get_integer(object, "lag_ms"));
    status.fence_ms = TRY(json::get_integer(object, "fence_ms"));
    status.rollback_fence_ms = TRY(json::get_integer(object, "rollback_fence_ms"));
    status.verified_rows = TRY(json::get_integer(object, "verified_rows"));
    status.differences = TRY(json::get_integer(object, "differences"));
    return status;
}

Result<MoverProcess> MoverProcess::start(MoverOptions options) {
    ProcessOptions process;
    process.arguments = {options.aipress.string(),
                         "database",
                         "move",
                         "--source",
                         url(options.source, kSourcePassword),
                         "--target",
                         url(options.target, kTargetPassword),
                         "--journal",
                         journal(options).string(),
                         "--switch",
                         "when-ready",
                         "--reverse",
                         "keep",
                         "--on-switch",
                         options.on_switch,
                         "--format",
                         "json"};
    process.environment = passwords(options);
    process.output_file = output_file(options);
    process.error_file = error_file(options);
    auto started = TRY(Process::start(process));
    return MoverProcess(std::move(options), std::move(started));
}

Result<ProcessResult> MoverProcess::command(Context const& context,
                                            std::vector<std::string> verb) const {
    ProcessOptions process;
    process.arguments = {options_.aipress.string(), "database"};
    process.arguments.insert(process.arguments.end(), verb.begin(), verb.end());
    process.arguments.insert(process.arguments.end(), {"--journal", journal(options_).string()});
    process.environment = passwords(options_);
    return run_process(context.within(kCommandTimeout), process);
}

Result<MoveStatus> MoverProcess::status(Context const& context) {
    if (!std::filesystem::exists(journal(options_))) return MoveStatus();
    auto const finished = TRY(command(context, {"status", "--format", "json"}));
    if (finished.status.success()) {
        was_seen_ = true;
        return parse_status(finished.standard_output).in_context("aipress database status");
    }
    // The journal's file may be there a moment before its first entry.
    if (!was_seen_ && !process_.poll()) return MoveStatus();
    return Error(ErrorCode::Aborted,
                 fmt::format("aipress database status: {}: {}", finished.status.describe(),
                             finished.standard_error));
}

Result<void> MoverProcess::command_must_succeed(Context const& context,
                                                std::vector<std::string> verb) const {
    auto const finished = TRY(command(context, verb));
    if (finished.status.success()) return {};
    return Error(ErrorCode::Aborted,
                 fmt::format("aipress database {}: {}: {}", fmt::join(verb, " "),
                             finished.status.describe(), finished.standard_error));
}

Result<void> MoverProcess::rollback(Context const& context) {
    return command_must_succeed(context, {"rollback"});
}

Result<void> MoverProcess::finalize(Context const& context) {
    return command_must_succeed(context, {"finalize", "--confirm", options_.source.database});
}

std::string MoverProcess::last_words() {
    auto const status = process_.poll();
    return fmt::format("aipress database move: {}\n{}{}",
                       status ? status->describe() : "still running",
                       last_lines(read_text(error_file(options_)), kLogLines),
                       last_lines(read_text(output_file(options_)), kLogLines));
}

Result<MoveStatus> MoverProcess::wait(Context const& context) {
    auto const ended = TRY(process_.wait(context.within(kCommandTimeout))
                               .in_context("waiting for aipress database move to end"));
    if (!ended.success()) return Error(ErrorCode::Aborted, last_words());
    return parse_status(read_text(output_file(options_))).in_context("aipress database move");
}

}  // namespace aipress::rehearsal
