// The barrier of a round of catch-up: between taking the keys and reading their rows a heartbeat is
// committed, or a row that the log shows and no SELECT yet would be taken for deleted, on both
// sides: nothing would ever notice.
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <thread>

#include "base/probe.h"
#include "catch_up_pair.h"
#include "held_commits.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::mover {
namespace {

using testing::IsOk;
using testing::must;
using testing::test_context;

constexpr milliseconds kPoll{1};

// Does something once, at the point in front of the taking of the keys.
class BeforeTheKeysAreTaken final : public Probe {
public:
    void arm(std::function<void()> what) { what_ = std::move(what); }
    void at(std::string_view point) override {
        if (point != "take-keys.before" || !what_) return;
        std::exchange(what_, nullptr)();
    }

private:
    std::function<void()> what_;
};

class BarrierTest : public ::testing::Test {
protected:
    // When it returns, the log has shown the statement's row, and no session can see it.
    void commit_unseen(std::string const& sql) {
        held_.emplace(pair_.source(), test_context());
        writer_ = std::jthread([this, sql] {
            auto session = pair_.source().connect_root("wp");
            must(session.execute(test_context(), sql));
        });
        auto const limit = test_context();
        auto& follower = pair_.catch_up().follower();
        while (follower.status().dirty_keys == 0) ASSERT_TRUE(limit.sleep(kPoll));
    }

    void round_with_unseen_commit(std::string const& sql) {
        probe_.arm([&] { commit_unseen(sql); });
        EXPECT_THAT(pair_.catch_up().round(test_context()), IsOk());
        held_.reset();
        writer_.join();
    }

    void expect_carried() {
        auto& catch_up = pair_.catch_up();
        EXPECT_EQ(catch_up.totals().keys_carried, 1U);
        EXPECT_EQ(catch_up.follower().status().dirty_keys, 0U);
        std::string const rows = "SELECT GROUP_CONCAT(id, '=', body ORDER BY id) FROM wp.posts";
        EXPECT_EQ(pair_.target().scalar(rows), pair_.source().scalar(rows));
        EXPECT_THAT(catch_up.drain(test_context()), IsOk());
    }

    BeforeTheKeysAreTaken probe_;
    CatchUpPair pair_{test_context(),
                      {"CREATE TABLE posts (id INT PRIMARY KEY, body VARCHAR(20))",
                       "INSERT INTO posts VALUES (1, 'old')"},
                      probe_};
    std::jthread writer_;
    std::optional<HeldUntilHeartbeat> held_;
};

TEST_F(BarrierTest, ARowInTheLogThatNobodySeesYetIsWaitedFor) {
    round_with_unseen_commit("INSERT INTO posts VALUES (2, 'new')");
    expect_carried();
}

TEST_F(BarrierTest, AChangeInTheLogThatNobodySeesYetIsWaitedFor) {
    round_with_unseen_commit("UPDATE posts SET body = 'new' WHERE id = 1");
    expect_carried();
}

TEST_F(BarrierTest, ADeletionInTheLogThatNobodySeesYetIsWaitedFor) {
    round_with_unseen_commit("DELETE FROM posts WHERE id = 1");
    expect_carried();
}

}  // namespace
}  // namespace aipress::mover
