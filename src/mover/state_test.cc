#include "mover/state.h"

#include <gtest/gtest.h>
#include <set>

namespace aipress::mover {
namespace {

constexpr int kEvents = static_cast<int>(MoveEvent::Restarted) + 1;
constexpr int kStates = static_cast<int>(State::RolledBack) + 1;

TEST(MoveState, TheWholeWayForwardAndBack) {
    State state = State::Preflight;
    for (auto const event :
         {MoveEvent::PreflightPassed, MoveEvent::SchemaMade, MoveEvent::Copied, MoveEvent::CaughtUp,
          MoveEvent::Verified, MoveEvent::FenceBegun, MoveEvent::FenceUndone, MoveEvent::FenceBegun,
          MoveEvent::OwnerIsTarget, MoveEvent::ReverseStarted, MoveEvent::RollbackBegun,
          MoveEvent::RollbackUndone, MoveEvent::RollbackBegun, MoveEvent::OwnerIsSource}) {
        auto const next = step(state, event);
        ASSERT_TRUE(next.has_value()) << to_string(state) << " event " << static_cast<int>(event);
        state = *next;
    }
    EXPECT_EQ(state, State::RolledBack);
}

TEST(MoveState, NothingLeavesATerminalState) {
    for (int s = 0; s < kStates; ++s) {
        auto const state = static_cast<State>(s);
        if (!is_terminal(state)) continue;
        for (int e = 0; e < kEvents; ++e) {
            EXPECT_FALSE(step(state, static_cast<MoveEvent>(e)).has_value()) << to_string(state);
        }
    }
}

TEST(MoveState, AbortOnlyBeforeTheSwitchAndFinalizeOnlyAfterIt) {
    for (int s = 0; s < kStates; ++s) {
        auto const state = static_cast<State>(s);
        EXPECT_FALSE(step(state, MoveEvent::AbortDone) && step(state, MoveEvent::FinalizeDone))
            << to_string(state);
    }
    EXPECT_FALSE(step(State::Reversing, MoveEvent::AbortDone));
    EXPECT_FALSE(step(State::Standby, MoveEvent::FinalizeDone));
}

TEST(MoveState, EveryStateIsReachable) {
    std::set<State> reached{State::Preflight};
    for (bool grew = true; grew;) {
        grew = false;
        for (auto const state : std::set<State>(reached)) {
            for (int e = 0; e < kEvents; ++e) {
                auto const next = step(state, static_cast<MoveEvent>(e));
                if (next && reached.insert(*next).second) grew = true;
            }
        }
    }
    EXPECT_EQ(reached.size(), static_cast<std::size_t>(kStates));
}

}  // namespace
}  // namespace aipress::mover
