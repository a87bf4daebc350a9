// The PoC of ten tenants, where this `aipress` can seed one.
#include <fmt/format.h>

#include "bench/sandbox_stage.h"
#include "bench/say.h"

namespace aipress::bench {
namespace {

constexpr double kGoalSeconds = 60;

}  // namespace

Result<void> run_poc(Context const& context, SandboxStage& stage) {
    auto const aipress = stage.options().aipress.string();
    if (!run_tool(context, {aipress, "sandbox", "seed-poc", "--help"}).ok()) {
        say("poc: this aipress has no `sandbox seed-poc`: not measured");
        return {};
    }
    auto const began = context.clock().now();
    TRY(run_tool(context, {aipress, "sandbox", "seed-poc", "--tenants", "10", "--data",
                           stage.data().string()}));
    auto figure = median_figure("poc", "seeded, 10 tenants", {seconds_since(context, began)}, "s");
    figure.goal = kGoalSeconds;
    stage.add(std::move(figure));
    return {};
}

}  // namespace aipress::bench
