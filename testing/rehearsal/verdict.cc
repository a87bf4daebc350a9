#include "testing/rehearsal/verdict.h"

#include <algorithm>
#include <fmt/format.h>

namespace aipress::rehearsal {
namespace {

void check_move(Outcome& outcome, Tenant const& tenant, std::string const& owner_address) {
    auto const expect = [&](bool holds, std::string fault) {
        if (!holds) outcome.faults.push_back(std::move(fault));
    };
    bool const is_finalized = outcome.fate == Fate::Finalized;
    auto const& move = outcome.move;
    expect(move.state == (is_finalized ? "finalized" : "rolled_back"),
           "the move ended as " + move.state);
    expect(move.owner == (is_finalized ? "target" : "source"), "owned by the " + move.owner);
    expect(tenant.site.database_host() == owner_address,
           "the site is configured for " + tenant.site.database_host());
    expect(move.rows_copied > 0, "no rows were copied");
    expect(move.verified_rows > 0, "no rows were compared");
    expect(move.differences == 0, fmt::format("the mover found {} differences", move.differences));
    expect(move.fence_ms >= 0, "no fence was reported");
    expect(is_finalized || move.rollback_fence_ms >= 0, "no fence of the rollback was reported");
}

void check_visits(Outcome& outcome) {
    if (outcome.accepted_on_target == 0)
        outcome.faults.emplace_back("no comment was accepted on the new side: nothing was shown");
    if (outcome.visits.vanished > 0)
        outcome.faults.emplace_back(fmt::format("{} accepted comments did not show on their page",
                                                outcome.visits.vanished));
    for (auto const& example : outcome.ledger.examples) outcome.faults.push_back(example);
    if (!outcome.ledger.complete() && outcome.ledger.examples.empty())
        outcome.faults.emplace_back("accepted comments are missing");
}

std::string columns(auto const&... cells) {
    return fmt::format(
        "{:<8}{:>9}{:>9}{:>9}{:>10}{:>10}{:>10}{:>8}{:>11}{:>10}{:>10}{:>10}{:>6}  {}\n", cells...);
}

}  // namespace

Result<Outcome> judge(Context const& context, Stage const& stage, Tenant const& tenant, Fate fate,
                      MoveStatus const& move, Census const& before) {
    Outcome outcome;
    outcome.name = tenant.site.name();
    outcome.fate = fate;
    outcome.move = move;
    outcome.visits = tenant.visitors->statistics();
    outcome.accepted_on_target = tenant.ledger.count_on(Stage::address(stage.target()));

    bool const is_finalized = fate == Fate::Finalized;
    auto const& owner_server = is_finalized ? stage.target() : stage.source();
    auto const& other_server = is_finalized ? stage.source() : stage.target();
    auto const database = tenant.site.database();
    auto owner = TRY(mysql::Connection::open(context, owner_server.root(database)));
    auto other = TRY(mysql::Connection::open(context, other_server.root(database)));
    auto const visited = visited_tables(tenant.site.kind());
    outcome.ledger =
        TRY(compare(context, owner, tenant.ledger, companion_table(tenant.site.kind())));
    outcome.owner = compare(before, TRY(take_census(context, owner)), visited);
    outcome.other = compare(before, TRY(take_census(context, other)), visited);

    check_move(outcome, tenant, Stage::address(owner_server));
    check_visits(outcome);
    for (auto const& fault : outcome.owner.faults) outcome.faults.push_back(fault);
    for (auto const& fault : outcome.other.faults)
        outcome.faults.push_back("on the side that no longer serves: " + fault);
    return outcome;
}

std::string render(std::vector<Outcome> const& outcomes) {
    auto table =
        columns("tenant", "rows", "MB", "changed", "fence ms", "back ms", "requests", "failed",
                "outage ms", "compared", "comments", "new side", "lost", "verdict");
    std::string faults;
    for (auto const& outcome : outcomes) {
        auto const& move = outcome.move;
        table += columns(
            outcome.name, move.rows_copied,
            fmt::format("{:.1f}", static_cast<double>(move.bytes_copied) / 1e6), move.rows_changed,
            move.fence_ms,
            move.rollback_fence_ms < 0 ? "-" : fmt::format("{}", move.rollback_fence_ms),
            outcome.visits.requests, outcome.visits.failed, outcome.visits.longest_outage.count(),
            move.verified_rows, outcome.ledger.accepted, outcome.accepted_on_target,
            outcome.lost_rows(), (outcome.faults.empty() ? "good, " : "FAILED, ") + move.state);
        for (auto const& fault : outcome.faults)
            faults += fmt::format("{}: {}\n", outcome.name, fault);
    }
    return table + faults;
}

}  // namespace aipress::rehearsal
