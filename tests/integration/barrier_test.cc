// The barrier of a round of catch-up: between taking the keys and reading their rows a heartbeat is
// committed, or a row that the log shows and no SELECT yet would be taken for deleted, on both
// sides: nothing would ever notice.
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <thread>

#include "base/probe.h"
#include "held_commits.h"
#include "mover/catch_up.h"
#include "mysql/schema.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::mover {
namespace {

using testing::DatabaseServer;
using testing::IsOk;
using testing::must;

constexpr std::string_view kMoveId = "barrier";
constexpr milliseconds kPoll{1};

Context test_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(60'000)), std::stop_token()};
}

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
    BarrierTest()
        : source_(must(DatabaseServer::start({}))),
          target_(must(DatabaseServer::start({.server_id = 2}))),
          folder_(must(testing::TemporaryDirectory::make())) {
        for (auto const* server : {&source_, &target_}) {
            server->execute("CREATE DATABASE wp");
            server->execute("CREATE TABLE wp.posts (id INT PRIMARY KEY, body VARCHAR(20))");
            server->execute("INSERT INTO wp.posts VALUES (1, 'old')");
            auto connection = server->connect_root();
            NoProbe probe;
            must(metadata::install(test_context(), connection, std::string(kMoveId), probe));
        }
        auto admin = source_.connect_root();
        auto const schema = must(mysql::read_schema(test_context(), admin, "wp"));
        for (auto const& table : schema.tables) layouts_.emplace(table.name, TableLayout(table));
        CatchUpOptions options;
        options.from = source_.root("wp");
        options.to = target_.root("wp");
        options.move_id = kMoveId;
        options.server_id = 4712;
        options.start = must(mysql::binlog::current_position(test_context(), admin));
        options.spill_directory = folder_.path();
        catch_up_ = must(CatchUp::start(test_context(), options, layouts_, probe_));
    }

    // When it returns, the log has shown the statement's row, and no session can see it.
    void commit_unseen(std::string const& sql) {
        held_.emplace(source_, test_context());
        writer_ = std::jthread([this, sql] {
            auto session = source_.connect_root("wp");
            must(session.execute(test_context(), sql));
        });
        auto const limit = test_context();
        while (catch_up_->follower().status().dirty_keys == 0) ASSERT_TRUE(limit.sleep(kPoll));
    }

    void round_with_unseen_commit(std::string const& sql) {
        probe_.arm([&] { commit_unseen(sql); });
        EXPECT_THAT(catch_up_->round(test_context()), IsOk());
        held_.reset();
        writer_.join();
    }

    void expect_carried() {
        EXPECT_EQ(catch_up_->totals().keys_carried, 1U);
        EXPECT_EQ(catch_up_->follower().status().dirty_keys, 0U);
        std::string const rows = "SELECT GROUP_CONCAT(id, '=', body ORDER BY id) FROM wp.posts";
        EXPECT_EQ(target_.scalar(rows), source_.scalar(rows));
        EXPECT_THAT(catch_up_->drain(test_context()), IsOk());
    }

    DatabaseServer source_;
    DatabaseServer target_;
    testing::TemporaryDirectory folder_;
    Layouts layouts_;
    BeforeTheKeysAreTaken probe_;
    std::unique_ptr<CatchUp> catch_up_;
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
