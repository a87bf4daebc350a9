#include "bench/migration_scenario.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "bench/migration_times.h"
#include "bench/say.h"
#include "bench/visitor.h"
#include "fleet/statistics.h"
#include "migration/folder.h"
#include "poc/tenant.h"
#include "sandbox/client_settings.h"

namespace aipress::bench {
namespace {

constexpr char const* kPart = "migration";
constexpr char const* kShard = "aipress-shard-001";
constexpr double kPromise = 300'000;  // ms that a tenant may be down
constexpr double kHigh = 0.9;

// A value a tenant, by what it is.
using Samples = std::map<std::string, std::vector<double>>;

Result<sandbox::Settings> settings_of(SandboxStage const& stage) {
    auto const running = TRY(sandbox::find_running(stage.data()));
    if (!running) return Error(ErrorCode::Internal, "the sandbox has ended");
    auto settings = TRY(sandbox::client_settings(
        sandbox::Client::Aipress, sandbox::ClientMode::Overrides, stage.data(), *running));
    for (auto& [name, value] : settings) {
        if (name == "AIPRESS_GCP_PROJECT") value = poc::kProject;
    }
    return settings;
}

std::string sites_address(sandbox::Settings const& settings) {
    for (auto const& [name, value] : settings) {
        if (name == "AIPRESS_SITES_ADDRESS") return value;
    }
    return "";
}

Result<void> seed(Context const& context, SandboxStage const& stage) {
    auto const& options = stage.options();
    say(fmt::format("making {} tenants", options.tenants));
    auto const aipress = options.aipress.string();
    TRY(run_tool(context,
                 {aipress, "sandbox", "seed-poc", "--data", stage.data().string(), "--tenants",
                  std::to_string(options.tenants), "--seed", std::to_string(options.seed)}));
    TRY(run_tool(context, {aipress, "sandbox", "seed-shard", "--data", stage.data().string(),
                           "--shard", kShard}));
    return {};
}

Result<void> move(Context const& context, SandboxStage const& stage,
                  sandbox::Settings const& settings, poc::Tenant const& tenant, Samples& samples) {
    auto const state = stage.scratch("state");
    ProcessOptions command;
    command.arguments = {stage.options().aipress.string(),
                         "tenant",
                         "migrate",
                         tenant.name,
                         "--to",
                         kShard,
                         "--state",
                         state.string(),
                         "--ttl",
                         "60s",
                         "--observe",
                         "3s",
                         "--observe-every",
                         "100ms"};
    command.environment = settings;
    Visitor visitor(context.clock(), sites_address(settings), tenant.host());
    auto const begun = context.clock().now();
    auto const result = TRY(run_process(context, command));
    auto const took = seconds_since(context, begun);
    auto const seen = visitor.leave();
    if (!result.status.success()) {
        return Error(ErrorCode::Internal,
                     fmt::format("{} did not arrive: {}", tenant.name, result.standard_error));
    }
    migration::MigrationFolder const folder(state);
    auto const content = TRY(migration::Journal::read(
        folder.journal(tenant.name, folder.migrations(tenant.name).back())));
    auto const times = times_of(content);
    samples["fence, ms"].push_back(times.fence_ms);
    samples["downtime, ms"].push_back(seen.downtime_ms);
    samples["failed requests, of all"].push_back(seen.failures);
    samples["slowest good answer, ms"].push_back(seen.slowest_ms);
    samples["whole command, s"].push_back(took);
    samples["data, s"].push_back(times.data);
    samples["waiting and observing, s"].push_back(times.waiting);
    samples["control, s"].push_back(took - times.data - times.waiting);
    for (auto const& [step, seconds] : times.control) {
        samples[fmt::format("control of {}, s", step)].push_back(seconds);
    }
    say(
        fmt::format("{}: fence {} ms, down {:.0f} ms, {} of {} requests failed, {:.1f} s, of it "
                    "control {:.1f} s",
                    tenant.name, times.fence_ms, seen.downtime_ms, seen.failures, seen.requests,
                    took, took - times.data - times.waiting));
    return {};
}

void add(SandboxStage& stage, std::string const& what, std::vector<double> const& values) {
    auto const comma = what.rfind(", ");
    auto const name = what.substr(0, comma);
    auto const unit = what.substr(comma + 2);
    auto const median = fleet::quantile(values, 0.5).value_or(0);
    auto const high = fleet::quantile(values, kHigh).value_or(0);
    auto const worst = *std::max_element(values.begin(), values.end());
    Figure longest{
        .part = kPart, .name = name + ", max", .value = worst, .unit = unit, .samples = {}};
    if (name == "downtime") longest.goal = kPromise;
    stage.add({.part = kPart,
               .name = name + ", median",
               .value = median,
               .unit = unit,
               .samples = values});
    stage.add({.part = kPart, .name = name + ", p90", .value = high, .unit = unit, .samples = {}});
    stage.add(std::move(longest));
}

}  // namespace

Result<void> run_migration(Context const& context, SandboxStage& stage) {
    TRY(seed(context, stage));
    auto const settings = TRY(settings_of(stage));
    Samples samples;
    for (unsigned number = 1; number <= stage.options().tenants; ++number) {
        auto const tenant = poc::make_tenant(stage.options().seed, number);
        TRY(move(context, stage, settings, tenant, samples));
    }
    for (auto const& [what, values] : samples) add(stage, what, values);
    return {};
}

}  // namespace aipress::bench
