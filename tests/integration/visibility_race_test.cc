// The commit visibility race: a server's log shows a transaction before a SELECT does. A start of
// "position, then snapshot" loses the rows in between; ours does not. barrier_test.cc has the
// rounds of catch-up.
#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <thread>

#include "base/probe.h"
#include "held_commits.h"
#include "mover/snapshot.h"
#include "mysql/binlog/stream.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"

namespace aipress::mover {
namespace {

using testing::DatabaseServer;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::must;

using Ids = std::set<std::uint64_t>;

constexpr std::string_view kMoveId = "race";
constexpr unsigned kWriters = 6;
constexpr unsigned kNaiveAttempts = 60;
constexpr unsigned kOurAttempts = 8;
// How long a commit is kept invisible.
constexpr milliseconds kHeld{100};
constexpr milliseconds kBetweenWrites{20};
constexpr std::uint64_t kLastId = 1ull << 40;

Context test_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(120'000)), std::stop_token()};
}

// Sessions that insert rows, each in a transaction of its own, each with an id that grows.
class Writers {
public:
    explicit Writers(DatabaseServer const& server) {
        for (unsigned i = 0; i < kWriters; ++i) {
            threads_.emplace_back([&server, this](std::stop_token const& stop) {
                auto connection = server.connect_root("wp");
                while (!stop.stop_requested()) {
                    must(connection.execute(test_context(),
                                            "INSERT INTO posts (body) VALUES ('x')"));
                    ++written_;
                    // A writer's lock goes before one on the whole table: without a pause the
                    // others would keep that away for ever.
                    test_context().sleep(kBetweenWrites);
                }
            });
        }
    }
    void wait_for(std::uint64_t rows) const {
        auto const limit = test_context();
        auto const wanted = written_ + rows;
        while (written_ < wanted) ASSERT_TRUE(limit.sleep(milliseconds(1)));
    }
    void stop() { threads_.clear(); }

private:
    std::atomic<std::uint64_t> written_ = 0;
    std::vector<std::jthread> threads_;
};

Ids ids_of(mysql::Connection& connection) {
    Ids ids;
    auto const rows = must(connection.query(test_context(), "SELECT id FROM posts"));
    for (auto const& row : rows.rows) ids.insert(std::stoull(row[0].value()));
    return ids;
}

// The ids that the log gives from there on, up to that of the last row.
Ids ids_followed(DatabaseServer const& server, mysql::binlog::Position const& from) {
    Ids ids;
    auto stream = must(mysql::binlog::Stream::open(test_context(), server.root(), from,
                                                   [](std::string_view schema, std::string_view) {
                                                       return mysql::binlog::TableInterest{
                                                           schema == "wp", {true}};
                                                   },
                                                   {.server_id = 4711}));
    while (!ids.contains(kLastId)) {
        for (auto const& event : must(stream.next(test_context()))) {
            auto const* rows = std::get_if<mysql::binlog::Rows>(&event.body);
            if (rows == nullptr) continue;
            for (auto const& change : rows->changes) ids.insert((*change.after)[0].as_unsigned());
        }
    }
    return ids;
}

class VisibilityRaceTest : public ::testing::Test {
protected:
    VisibilityRaceTest() : source_(must(DatabaseServer::start({}))) { make_table(source_); }

    static void make_table(DatabaseServer const& server) {
        server.execute("CREATE DATABASE wp");
        server.execute(
            "CREATE TABLE wp.posts (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, body "
            "VARCHAR(20) NOT NULL)");
        auto connection = server.connect_root();
        NoProbe probe;
        must(metadata::install(test_context(), connection, std::string(kMoveId), probe));
    }

    // Rows that a copy loses which begins as `begin` does: in neither its snapshot nor its stream.
    template <typename Begin>
    Ids rows_lost(Begin const& begin) {
        std::vector<mysql::Connection> readers;
        readers.push_back(source_.connect_root("wp"));
        readers.push_back(source_.connect_root("wp"));
        mysql::binlog::Position position;
        {
            HeldCommits const held(source_, test_context(), kHeld);
            Writers writers(source_);
            writers.wait_for(kWriters);
            wait_until_held(source_, test_context());
            position = begin(readers);
            writers.wait_for(kWriters);
            writers.stop();
        }
        source_.execute(fmt::format("INSERT INTO wp.posts VALUES ({}, 'last')", kLastId));
        auto all = source_.connect_root("wp");
        auto const written = ids_of(all);
        auto const followed = ids_followed(source_, position);
        Ids lost;
        for (auto& reader : readers) {
            auto found = ids_of(reader);
            found.insert(followed.begin(), followed.end());
            std::set_difference(written.begin(), written.end(), found.begin(), found.end(),
                                std::inserter(lost, lost.end()));
        }
        readers.clear();  // their snapshots hold the table
        source_.execute("TRUNCATE wp.posts");
        return lost;
    }

    SnapshotStart start_ours(std::vector<mysql::Connection>& readers) {
        auto locker = source_.connect_root("wp");
        auto beat = source_.connect_root();
        metadata::Heartbeat heartbeat(beat, std::string(kMoveId));
        return must(open_snapshots(test_context(), locker, heartbeat, readers, {"posts"}));
    }

    DatabaseServer source_;
};

TEST_F(VisibilityRaceTest, TheNaiveStartLosesRows) {
    for (unsigned attempt = 1; attempt <= kNaiveAttempts; ++attempt) {
        auto const lost = rows_lost([&](std::vector<mysql::Connection>& readers) {
            auto connection = source_.connect_root();
            auto const position = must(mysql::binlog::current_position(test_context(), connection));
            for (auto& reader : readers) must(open_snapshot(test_context(), reader));
            return position;
        });
        if (lost.empty()) continue;
        std::cout << "  attempt " << attempt << " lost " << lost.size() << " rows\n";
        return;
    }
    FAIL() << "no row was lost in " << kNaiveAttempts
           << " attempts: the other tests of this file prove nothing";
}

TEST_F(VisibilityRaceTest, TheLockedStartLosesNone) {
    // Commits that take so long may keep the lock away; then the barrier serves.
    unsigned locked = 0;
    for (unsigned attempt = 0; attempt < kOurAttempts; ++attempt) {
        auto const lost = rows_lost([&](std::vector<mysql::Connection>& readers) {
            auto const start = start_ours(readers);
            if (start.method == SnapshotMethod::Lock) ++locked;
            return start.position;
        });
        EXPECT_THAT(lost, IsEmpty());
    }
    EXPECT_GT(locked, 0U);
}

TEST_F(VisibilityRaceTest, TheStartWithoutALockWaitsForWhatTheLogHolds) {
    std::vector<mysql::Connection> readers;
    readers.push_back(source_.connect_root("wp"));
    source_.execute("INSERT INTO wp.posts VALUES (1, 'x')");
    // A transaction that stays open keeps the lock away.
    auto open = source_.connect_root("wp");
    must(open.execute(test_context(), "START TRANSACTION"));
    must(open.execute(test_context(), "UPDATE posts SET body = 'y' WHERE id = 1"));
    auto admin = source_.connect_root();
    auto const log_end = [&] {
        return must(mysql::binlog::current_position(test_context(), admin));
    };
    auto const before = log_end();
    std::jthread writer;
    std::optional<HeldUntilHeartbeat> held;  // ends before the writer is joined
    held.emplace(source_, test_context());
    writer = std::jthread([&] {
        auto session = source_.connect_root("wp");
        must(session.execute(test_context(), "INSERT INTO posts VALUES (7, 'unseen')"));
    });
    auto const limit = test_context();
    while (!(before < log_end())) ASSERT_TRUE(limit.sleep(milliseconds(1)));
    auto const start = start_ours(readers);
    held.reset();
    EXPECT_EQ(start.method, SnapshotMethod::Barrier);
    // Its stream begins behind the row, so its snapshot must hold it.
    EXPECT_TRUE(before < start.position);
    EXPECT_THAT(ids_of(readers[0]), ElementsAre(1U, 7U));
    must(open.execute(test_context(), "ROLLBACK"));
}

}  // namespace
}  // namespace aipress::mover
