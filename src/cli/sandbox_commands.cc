#include "cli/sandbox_commands.h"

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <mutex>
#include <sys/resource.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/shell_text.h"
#include "cli/table.h"
#include "sandbox/data_folder.h"
#include "sandbox/request_journal.h"

namespace aipress::cli {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kStopTimeout{60'000};

// Until the environment says stop. Errors: what made an end of it before.
Result<void> serve(SandboxArguments const& arguments, sandbox::Sandbox& running,
                   Environment& environment) {
    std::promise<Result<void>> ended;
    std::once_flag once;
    auto const end = [&](Result<void> why) {
        std::call_once(once, [&] { ended.set_value(std::move(why)); });
    };
    auto const control =
        TRY(serve_snapshots(arguments.data, running, environment,
                            [&](Error const& error) { end(Result<void>(error)); }));
    std::stop_callback const on_stop(environment.stop, [&] { end({}); });
    print_data(describe(arguments, running.announcement()));
    return ended.get_future().get();
}

// Thousands of connections are as many files; a program may have 1,024 unless it asks for more.
void raise_limit_of_open_files() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);
}

int run_up(SandboxArguments const& arguments, Environment& environment) {
    raise_limit_of_open_files();
    sandbox::SandboxOptions const options{.data = arguments.data,
                                          .port = arguments.port,
                                          .operations = arguments.operations,
                                          .with_name_server = true,
                                          .with_spanner = arguments.with_spanner,
                                          .faults = arguments.faults,
                                          .seed = arguments.seed,
                                          .quotas = arguments.quotas};
    auto running = sandbox::Sandbox::start(options, environment.clock);
    if (!running.ok()) {
        auto const code = running.error().code();
        bool const is_faulty_file =
            code == ErrorCode::InvalidArgument || code == ErrorCode::NotFound;
        return fail(running.error(), is_faulty_file ? "see docs/reference/sandbox-faults.md"
                                                    : next_command("status", arguments));
    }
    auto const lost = serve(arguments, running.value(), environment);
    if (!lost.ok()) return fail(lost.error(), next_command("up", arguments));
    if (running.value().is_running()) running.value().stop();
    return 0;
}

int run_down(SandboxArguments const& arguments, Environment& environment) {
    auto const running = sandbox::find_running(arguments.data);
    if (!running.ok()) return fail(running.error(), "");
    if (!running.value()) {
        print_data(fmt::format("no sandbox runs on {}\n", arguments.data.string()));
        return 0;
    }
    Context const context(environment.clock, Deadline::after(environment.clock, kStopTimeout),
                          environment.stop);
    auto const stopped = sandbox::stop_running(context, *running.value());
    if (!stopped.ok()) return fail(stopped.error(), next_command("down", arguments));
    return 0;
}

int run_status(SandboxArguments const& arguments) {
    auto const running = sandbox::find_running(arguments.data);
    if (!running.ok()) return fail(running.error(), "");
    if (!running.value()) {
        print_data(arguments.format == OutputFormat::Json
                       ? "{\"running\":false}\n"
                       : fmt::format("no sandbox runs on {}\nnext: {}\n", arguments.data.string(),
                                     next_command("up", arguments)));
        return 1;
    }
    if (running.value()->port == 0) {
        print_data(arguments.format == OutputFormat::Json
                       ? "{\"running\":false,\"starting\":true}\n"
                       : fmt::format("the sandbox on {} is starting\n", arguments.data.string()));
        return 1;
    }
    print_data(describe(arguments, *running.value()));
    return 0;
}

int run_reset(SandboxArguments const& arguments) {
    auto const confirmed = check_confirmed_folder(arguments);
    if (!confirmed.ok()) {
        return fail(confirmed.error(),
                    fmt::format("{} --confirm {}", next_command("reset", arguments),
                                shell_quoted(arguments.data.filename().string())));
    }
    auto const is_one = check_is_sandbox(arguments.data);
    if (!is_one.ok()) return fail(is_one.error(), "");
    auto const folder = sandbox::DataFolder::lock(arguments.data);
    if (!folder.ok()) return fail(folder.error(), next_command("down", arguments));
    std::error_code failure;
    fs::remove_all(arguments.data, failure);
    if (!failure) return 0;
    return fail(Error(ErrorCode::Unavailable,
                      fmt::format("removing '{}': {}", arguments.data.string(), failure.message())),
                next_command("reset", arguments));
}

std::string field_text(boost::json::object const& entry, std::string_view name) {
    auto const* const value = entry.if_contains(name);
    if (value == nullptr) return "";
    if (value->is_string()) return std::string(value->get_string());
    return boost::json::serialize(*value);
}

std::string render_requests(std::vector<boost::json::object> const& entries) {
    Table table({{"time"},
                 {"status", Align::Right},
                 {"ms", Align::Right},
                 {"request"},
                 {"fault"},
                 {"error"}});
    for (auto const& entry : entries) {
        auto const method = field_text(entry, "method");
        table.add_row({field_text(entry, "time"), field_text(entry, "status"),
                       field_text(entry, "duration_ms"),
                       method.empty() ? field_text(entry, "verb") + " " + field_text(entry, "path")
                                      : method + " " + field_text(entry, "path"),
                       field_text(entry, "fault"), field_text(entry, "error")});
    }
    return table.render();
}

int run_requests(SandboxArguments const& arguments) {
    auto entries = sandbox::read_requests(sandbox::journal_file(arguments.data));
    if (!entries.ok()) return fail(entries.error(), next_command("up", arguments));
    auto& all = entries.value();
    if (arguments.last > 0 && all.size() > arguments.last) {
        all.erase(all.begin(), all.end() - arguments.last);
    }
    if (arguments.format == OutputFormat::Table) {
        print_data(render_requests(all));
        return 0;
    }
    std::string lines;
    for (auto const& entry : all) lines += boost::json::serialize(entry) + "\n";
    print_data(lines);
    return 0;
}

int run_env(SandboxArguments const& arguments) {
    auto const running = sandbox::find_running(arguments.data);
    if (!running.ok()) return fail(running.error(), "");
    if (!running.value() || running.value()->port == 0) {
        return fail(Error(ErrorCode::FailedPrecondition,
                          fmt::format("no sandbox runs on {}", arguments.data.string())),
                    next_command("up", arguments));
    }
    auto const settings = sandbox::client_settings(arguments.client, arguments.mode, arguments.data,
                                                   *running.value());
    if (!settings.ok()) return fail(settings.error(), "");
    std::string lines;
    for (auto const& [name, value] : settings.value()) {
        lines += value.empty() ? fmt::format("unset {}\n", name)
                               : fmt::format("export {}={}\n", name, shell_quoted(value));
    }
    print_data(lines);
    return 0;
}

// Where it is, or in one line why it is not.
std::string spanner_text(sandbox::RunningSandbox const& running) {
    if (running.spanner_port != 0) {
        return fmt::format("127.0.0.1:{} (gRPC), 127.0.0.1:{} (REST)", running.spanner_port,
                           running.spanner_rest_port);
    }
    auto const found = sandbox::find_spanner_emulator();
    return found.ok() ? "not served (aipress sandbox up --spanner auto)"
                      : "not served: " + found.error().message();
}

}  // namespace

int fail(Error const& error, std::string_view next) {
    print_failure(error.message(), next);
    return exit_code(error);
}

std::string next_command(std::string_view verb, SandboxArguments const& arguments) {
    return fmt::format("aipress sandbox {} --data {}", verb, shell_quoted(arguments.data.string()));
}

std::string describe(SandboxArguments const& arguments, sandbox::RunningSandbox const& running) {
    auto const certificate = (arguments.data / "ca.pem").string();
    if (arguments.format == OutputFormat::Json) {
        return boost::json::serialize(
                   boost::json::object{{"running", true},
                                       {"port", running.port},
                                       {"dns_port", running.dns_port},
                                       {"web_port", running.web_port},
                                       {"spanner_port", running.spanner_port},
                                       {"spanner_rest_port", running.spanner_rest_port},
                                       {"pid", running.pid},
                                       {"seed", running.seed},
                                       {"version", running.version},
                                       {"data", arguments.data.string()},
                                       {"certificate", certificate}}) +
               "\n";
    }
    auto const shown = [](std::uint16_t port) {
        return port == 0 ? std::string("not served") : fmt::format("127.0.0.1:{}", port);
    };
    return fmt::format(
        "sandbox      http://127.0.0.1:{}\nsites        {}\ndns          {}\nspanner      {}\n"
        "data         {}\ncertificate  {}\nseed         {}\nnext: eval \"$({} --for gcloud)\"\n",
        running.port, shown(running.web_port), shown(running.dns_port), spanner_text(running),
        arguments.data.string(), certificate, running.seed, next_command("env", arguments));
}

Result<void> check_confirmed_folder(SandboxArguments const& arguments) {
    if (arguments.confirmed == arguments.data.filename().string()) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("--confirm says '{}', but the folder is '{}'", arguments.confirmed,
                             arguments.data.string()));
}

Result<void> check_is_sandbox(fs::path const& data) {
    std::error_code ignored;
    if (fs::exists(data / "sandbox.lock", ignored)) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("'{}' is no sandbox's data", data.string()));
}

int run_sandbox(SandboxArguments const& arguments, Environment& environment) {
    switch (arguments.verb) {
        case SandboxVerb::Up:
            return arguments.is_detached ? run_up_detached(arguments, environment)
                                         : run_up(arguments, environment);
        case SandboxVerb::Down:
            return run_down(arguments, environment);
        case SandboxVerb::Status:
            return run_status(arguments);
        case SandboxVerb::Reset:
            return run_reset(arguments);
        case SandboxVerb::Requests:
            return run_requests(arguments);
        case SandboxVerb::Env:
            return run_env(arguments);
        case SandboxVerb::Snapshot:
            return run_snapshot(arguments, environment);
        case SandboxVerb::SeedPoc:
            return run_seed_poc(arguments, environment);
        case SandboxVerb::SeedShard:
            return run_seed_shard(arguments, environment);
    }
    return 2;
}

}  // namespace aipress::cli
