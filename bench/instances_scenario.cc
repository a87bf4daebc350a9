// Cloud SQL instances: one, against mariadb-install-db and a server on what it made; and 25 at
// once, as a machine with 24 GiB holds them.
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>

#include "bench/sandbox_stage.h"

namespace aipress::bench {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr double kGoalSeconds = 3;
constexpr double kGoalFleetMegabytes = 24 * 1'024;
constexpr unsigned kFleet = 25;
constexpr milliseconds kPollInterval{5};
constexpr milliseconds kInstanceTime{300'000};
std::string const kProject = "/sql/v1beta4/projects/sandbox-project";

Result<std::string> begin_instance(SandboxStage& stage, std::string const& name) {
    auto const begun = TRY(stage.call(
        "POST", kProject + "/instances",
        fmt::format(R"({{"name": "{}", "region": "us-central1", "databaseVersion": "MYSQL_8_0",
            "rootPassword": "s3cret", "settings": {{"tier": "db-g1-small",
            "backupConfiguration": {{"enabled": true, "binaryLogEnabled": true}}}}}})",
                    name)));
    return std::string(begun.at("name").as_string());
}

Result<void> wait_for_operation(Context const& context, SandboxStage& stage,
                                std::string const& operation) {
    auto const waiting = context.within(kInstanceTime);
    for (;;) {
        auto const now = TRY(stage.call("GET", kProject + "/operations/" + operation));
        if (now.as_object().contains("error")) {
            return Error(ErrorCode::Internal, json::serialize(now));
        }
        if (now.at("status") == "DONE") return {};
        if (!waiting.sleep(kPollInterval)) {
            return Error(ErrorCode::DeadlineExceeded, operation + " is not done in time");
        }
    }
}

// mariadb-install-db, then a server until it listens.
Result<double> install_and_start(Context const& context, SandboxStage& stage, unsigned number) {
    auto const folder = stage.scratch(fmt::format("installed-{}", number)).string();
    auto const socket = folder + "/s";
    auto const began = context.clock().now();
    std::vector<std::string> const common{"--no-defaults", "--datadir=" + folder};
    std::vector<std::string> install{"mariadb-install-db", common[0], common[1],
                                     "--auth-root-authentication-method=normal", "--skip-test-db"};
    ProcessOptions server;
    server.arguments = {"mariadbd",          common[0],          common[1],
                        "--skip-networking", "--log-bin=binlog", "--socket=" + socket};
    if (::geteuid() == 0) {
        install.emplace_back("--user=root");
        server.arguments.emplace_back("--user=root");
    }
    TRY(run_tool(context, std::move(install)));
    auto process = TRY(Process::start(server));
    auto const starting = context.within(kInstanceTime);
    while (!fs::exists(socket)) {
        if (process.poll() || !starting.sleep(kPollInterval)) {
            return Error(ErrorCode::Internal, "mariadbd does not start");
        }
    }
    return seconds_since(context, began);
}

// Of every mariadbd below this sandbox's folder, in MB: Pss, which counts what processes share
// once.
Result<double> resident_megabytes(SandboxStage const& stage, unsigned servers) {
    unsigned found = 0;
    std::uint64_t kilobytes = 0;
    for (auto const& entry : fs::directory_iterator("/proc")) {
        std::ifstream command(entry.path() / "cmdline");
        std::string const words((std::istreambuf_iterator<char>(command)), {});
        if (words.find("mariadbd") == words.npos ||
            words.find(stage.data().string()) == words.npos) {
            continue;
        }
        std::ifstream memory(entry.path() / "smaps_rollup");
        for (std::string line; std::getline(memory, line);) {
            if (!line.starts_with("Pss:")) continue;
            ++found;
            kilobytes += std::stoull(line.substr(4));
        }
    }
    if (found < servers) {
        return Error(ErrorCode::Internal,
                     fmt::format("{} servers run, of {} instances", found, servers));
    }
    return static_cast<double>(kilobytes) / 1'024;
}

}  // namespace

Result<void> run_instances(Context const& context, SandboxStage& stage) {
    std::vector<double> ours;
    std::vector<double> others;
    for (unsigned i = 0; i < stage.options().repeat; ++i) {
        auto const name = fmt::format("bench-{}", i);
        auto const began = context.clock().now();
        auto const operation = TRY(begin_instance(stage, name));
        TRY(wait_for_operation(context, stage, operation));
        ours.push_back(seconds_since(context, began));
        auto const gone = TRY(stage.call("DELETE", kProject + "/instances/" + name));
        TRY(wait_for_operation(context, stage, std::string(gone.at("name").as_string())));
        others.push_back(TRY(install_and_start(context, stage, i)));
    }
    auto created = median_figure("instances", "created", ours, "s");
    created.goal = kGoalSeconds;
    stage.add(std::move(created));
    stage.add(median_figure("instances", "mariadb-install-db and start", others, "s"));
    stage.add_ratio("instances", "aipress : install and start, time", ours, others);
    return {};
}

Result<void> run_fleet(Context const& context, SandboxStage& stage) {
    std::vector<std::string> operations;
    auto const began = context.clock().now();
    for (unsigned i = 0; i < kFleet; ++i) {
        operations.push_back(TRY(begin_instance(stage, fmt::format("fleet-{:03}", i))));
    }
    for (auto const& operation : operations) TRY(wait_for_operation(context, stage, operation));
    stage.add(median_figure("fleet", fmt::format("{} instances created at once", kFleet),
                            {seconds_since(context, began)}, "s"));
    auto memory = median_figure("fleet", fmt::format("memory of {} servers", kFleet),
                                {TRY(resident_megabytes(stage, kFleet))}, "MB");
    memory.goal = kGoalFleetMegabytes;
    stage.add(std::move(memory));
    return {};
}

}  // namespace aipress::bench
