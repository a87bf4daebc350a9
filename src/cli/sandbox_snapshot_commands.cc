#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <memory>
#include <mutex>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/sandbox_commands.h"
#include "cli/shell_text.h"
#include "cli/table.h"
#include "json/fields.h"
#include "sandbox/data_folder.h"
#include "sandbox/snapshot/snapshots.h"

namespace aipress::cli {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kStartTime{10'000};  // of a sandbox that has its folder already
constexpr milliseconds kProbeInterval{20};

fs::path control_socket(fs::path const& data) {
    return data / "control.sock";
}

Context unlimited(Environment& environment) {
    return {environment.clock, Deadline::never(), environment.stop};
}

boost::json::object view(sandbox::Snapshot const& snapshot) {
    return {{"name", snapshot.name},   {"saved", snapshot.saved}, {"program", snapshot.program},
            {"files", snapshot.files}, {"bytes", snapshot.bytes}, {"problem", snapshot.problem}};
}

// By the process that runs the sandbox, once it has started.
Result<void> ask_to_save(SandboxArguments const& arguments, Environment& environment) {
    auto const starting = unlimited(environment).within(kStartTime);
    for (;;) {
        auto const answer =
            mover::control_call(unlimited(environment), control_socket(arguments.data).string(),
                                {{"verb", "save-snapshot"}, {"name", arguments.snapshot}});
        if (answer.ok()) return {};
        if (answer.error().code() != ErrorCode::NotFound) return answer.error();
        if (!starting.sleep(kProbeInterval)) {
            return Error(ErrorCode::FailedPrecondition,
                         fmt::format("the sandbox on {} takes no commands: it is starting or "
                                     "ending",
                                     arguments.data.string()));
        }
    }
}

Result<void> save_stopped(SandboxArguments const& arguments, Environment& environment) {
    auto const folder = TRY(sandbox::DataFolder::lock(arguments.data));
    TRY(sandbox::save_snapshot(unlimited(environment), environment.probe, arguments.data,
                               arguments.snapshot));
    return {};
}

int run_save(SandboxArguments const& arguments, Environment& environment) {
    auto const running = sandbox::find_running(arguments.data);
    if (!running.ok()) return fail(running.error(), "");
    auto const saved = running.value() ? ask_to_save(arguments, environment)
                                       : save_stopped(arguments, environment);
    if (!saved.ok()) return fail(saved.error(), next_command("snapshot list", arguments));
    print_data(fmt::format("saved {}\nnext: {} {} --confirm {}\n", arguments.snapshot,
                           next_command("snapshot load", arguments), arguments.snapshot,
                           shell_quoted(arguments.data.filename().string())));
    return 0;
}

int run_load(SandboxArguments const& arguments, Environment& environment) {
    auto const confirmed = check_confirmed_folder(arguments);
    if (!confirmed.ok()) {
        return fail(
            confirmed.error(),
            fmt::format("{} {} --confirm {}", next_command("snapshot load", arguments),
                        arguments.snapshot, shell_quoted(arguments.data.filename().string())));
    }
    auto const folder = sandbox::DataFolder::lock(arguments.data);
    if (!folder.ok()) return fail(folder.error(), next_command("down", arguments));
    auto const loaded = sandbox::load_snapshot(unlimited(environment), environment.probe,
                                               arguments.data, arguments.snapshot);
    if (!loaded.ok()) return fail(loaded.error(), next_command("snapshot list", arguments));
    print_data(fmt::format("loaded {}, saved {}\nnext: {}\n", arguments.snapshot,
                           loaded.value().saved, next_command("up", arguments)));
    return 0;
}

int run_list(SandboxArguments const& arguments) {
    auto const snapshots = sandbox::list_snapshots(arguments.data);
    if (!snapshots.ok()) return fail(snapshots.error(), "");
    if (arguments.format == OutputFormat::Json) {
        std::string lines;
        for (auto const& snapshot : snapshots.value()) {
            lines += boost::json::serialize(view(snapshot)) + "\n";
        }
        print_data(lines);
        return 0;
    }
    if (snapshots.value().empty()) {
        print_data(
            fmt::format("no snapshot\nnext: {} NAME\n", next_command("snapshot save", arguments)));
        return 0;
    }
    Table table(
        {{"snapshot"}, {"saved"}, {"files", Align::Right}, {"bytes", Align::Right}, {"problem"}});
    for (auto const& snapshot : snapshots.value()) {
        table.add_row({snapshot.name, snapshot.saved, std::to_string(snapshot.files),
                       std::to_string(snapshot.bytes), snapshot.problem});
    }
    print_data(table.render());
    return 0;
}

int run_delete(SandboxArguments const& arguments) {
    if (arguments.confirmed != arguments.snapshot) {
        return fail(
            Error(ErrorCode::InvalidArgument,
                  fmt::format("--confirm says '{}', but the snapshot is '{}'", arguments.confirmed,
                              arguments.snapshot)),
            fmt::format("{} {} --confirm {}", next_command("snapshot delete", arguments),
                        shell_quoted(arguments.snapshot), shell_quoted(arguments.snapshot)));
    }
    auto const deleted = sandbox::delete_snapshot(arguments.data, arguments.snapshot);
    if (!deleted.ok()) return fail(deleted.error(), next_command("snapshot list", arguments));
    return 0;
}

}  // namespace

Result<mover::ControlServer> serve_snapshots(fs::path const& data, sandbox::Sandbox& sandbox,
                                             Environment& environment,
                                             std::function<void(Error const&)> on_lost) {
    // One after another: the second would find the sandbox paused.
    auto one = std::make_shared<std::mutex>();
    return mover::ControlServer::start(
        control_socket(data).string(),
        [one, data, &sandbox, &environment, on_lost = std::move(on_lost)](
            boost::json::object const& request,
            std::stop_token const&) -> Result<boost::json::object> {
            if (TRY(json::get_string(request, "verb")) != "save-snapshot") {
                return Error(ErrorCode::Unimplemented, "a sandbox only knows save-snapshot");
            }
            auto const name = TRY(json::get_string(request, "name"));
            std::lock_guard const lock(*one);
            if (!sandbox.is_running()) {
                return Error(ErrorCode::FailedPrecondition, "the sandbox is ending");
            }
            TRY(sandbox::check_can_save(data, name));
            sandbox::Snapshot saved;
            auto const done = sandbox.pause_for(
                [&]() -> Result<void> {
                    saved = TRY(sandbox::save_snapshot(unlimited(environment), environment.probe,
                                                       data, name));
                    return {};
                },
                environment.stop);
            bool const is_lost = !sandbox.is_running() && !environment.stop.stop_requested();
            if (is_lost) on_lost(done.error());
            TRY(Result<void>(done));
            return view(saved);
        });
}

int run_snapshot(SandboxArguments const& arguments, Environment& environment) {
    auto const is_one = check_is_sandbox(arguments.data);
    if (!is_one.ok()) return fail(is_one.error(), next_command("up", arguments));
    switch (arguments.snapshot_action) {
        case SnapshotAction::Save:
            return run_save(arguments, environment);
        case SnapshotAction::Load:
            return run_load(arguments, environment);
        case SnapshotAction::List:
            return run_list(arguments);
        case SnapshotAction::Delete:
            return run_delete(arguments);
    }
    return 2;
}

}  // namespace aipress::cli
