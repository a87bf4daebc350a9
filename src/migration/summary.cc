#include "migration/summary.h"

#include <array>
#include <boost/json/array.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "gcp/fields.h"

namespace aipress::migration {
namespace {

namespace bj = boost::json;

constexpr std::array<std::string_view, 5> kStates{"pending", "begun", "done", "failed", "undone"};

StepSummary summarize_step(JournalContent const& content, Step step) {
    StepSummary summary{.step = step};
    auto const prefix = std::string(to_string(step)) + "/";
    for (auto const& entry : content.entries) {
        if (!entry.action.starts_with(prefix)) continue;
        if (summary.begun_at == WallTime()) summary.begun_at = entry.at;
        summary.ended_at = entry.at;
        summary.state = StepState::Begun;
        summary.problem.clear();
        if (entry.event == Event::Failed) {
            summary.state = StepState::Failed;
            summary.problem = entry.reason;
        } else if (entry.event == Event::Undone || entry.event == Event::Undoing) {
            summary.state = StepState::Undone;
        }
    }
    bool const is_done = content.is_done(last_action_of(step));
    if (summary.state == StepState::Begun && is_done) summary.state = StepState::Done;
    return summary;
}

std::string next_command(Summary const& summary) {
    auto const& tenant = summary.tenant;
    switch (summary.state) {
        case State::Running:
            return fmt::format("aipress tenant migrate {}", tenant);
        case State::Moved:
            return fmt::format(
                "aipress tenant complete {0} --confirm {0}, or aipress tenant "
                "rollback {0}",
                tenant);
        case State::RollingBack:
            return fmt::format("aipress tenant rollback {}", tenant);
        case State::Completed:
        case State::RolledBack:
            return "";
    }
    return "";
}

}  // namespace

std::string_view to_string(StepState state) {
    return kStates.at(static_cast<std::size_t>(state));
}

std::string timestamp(WallTime time) {
    if (time == WallTime()) return "";
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Summary summarize(JournalContent const& content) {
    Summary summary{.tenant = content.header.relocation.tenant,
                    .migration = content.header.id,
                    .state = content.state,
                    .reason = content.reason,
                    .is_switched = content.is_done("routing/switch")};
    for (auto const step : kAllSteps) {
        summary.steps.push_back(summarize_step(content, step));
    }
    // The last word on what failed: a later success has taken it back.
    if (!content.entries.empty() && content.entries.back().event == Event::Failed) {
        summary.problem = content.entries.back().reason;
    }
    if (summary.problem.empty() && content.state == State::RollingBack) {
        summary.problem = content.reason;
    }
    summary.next = next_command(summary);
    bool const would_lose =
        !summary.problem.empty() && content.entries.back().action == "rollback/examine";
    if (content.state == State::RollingBack && content.is_done("rollback/difference")) {
        summary.next += fmt::format(
            " when the old database is mended, or aipress tenant rollback "
            "{0} --accept-loss {0} for the backup",
            summary.tenant);
    }
    if (would_lose) {
        summary.next = fmt::format(
            "aipress tenant rollback {0} --accept-loss {0}, which loses "
            "these writes; or mend it and go on with the new home",
            summary.tenant);
    }
    // Also of a switch that was undone.
    auto const at = content.actions.find("routing/switch");
    if (at != content.actions.end()) {
        summary.fence_ms = gcp::integer_of(at->second.after, "fence_ms").value_or(-1);
    }
    return summary;
}

bj::object to_json(Summary const& summary) {
    bj::array steps;
    for (auto const& step : summary.steps) {
        steps.push_back(bj::object{{"step", to_string(step.step)},
                                   {"state", to_string(step.state)},
                                   {"begun_at", timestamp(step.begun_at)},
                                   {"ended_at", timestamp(step.ended_at)},
                                   {"problem", step.problem}});
    }
    return {{"tenant", summary.tenant},
            {"migration", summary.migration},
            {"state", to_string(summary.state)},
            {"reason", summary.reason},
            {"switched", summary.is_switched},
            {"fence_ms", summary.fence_ms},
            {"steps", std::move(steps)},
            {"problem", summary.problem},
            {"next", summary.next}};
}

}  // namespace aipress::migration
