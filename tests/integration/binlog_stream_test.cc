// The stream against a real server: what arrives, where it says it is, and how it ends.
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <optional>
#include <set>
#include <thread>

#include "mysql/binlog/stream.h"
#include "testing/database_server.h"

namespace aipress::mysql::binlog {
namespace {

using testing::DatabaseServer;

constexpr milliseconds kLongEnough{20'000};

TableInterest all_tables(std::string_view, std::string_view) {
    return {true, {}};
}

class BinlogStreamTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        auto started = DatabaseServer::start({});
        if (started.ok()) {
            server = std::make_unique<DatabaseServer>(started.release());
        } else {
            reason = started.error().message();
        }
    }
    static void TearDownTestSuite() { server.reset(); }

    void SetUp() override {
        if (!server) GTEST_SKIP() << "no MariaDB: " << reason;
        server->execute("CREATE OR REPLACE DATABASE shop");
        server->execute("CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20))");
    }

    Context context(milliseconds duration = kLongEnough) {
        return {clock_, Deadline::after(clock_, duration), stop_.get_token()};
    }

    Position now(DatabaseServer const& from = *server) {
        auto connection = from.connect_root();
        return current_position(context(), connection).release();
    }

    Result<Stream> open(Position const& position, StreamOptions options = {.server_id = 4711}) {
        return Stream::open(context(), server->root(), position, all_tables, options);
    }

    // Ids of the rows inserted, up to the given end.
    std::vector<std::uint64_t> inserted_until(Stream& stream, Position const& end) {
        std::vector<std::uint64_t> ids;
        while (stream.position() < end) {
            auto events = stream.next(context());
            if (!events.ok()) {
                ADD_FAILURE() << events.error().message();
                break;
            }
            EXPECT_FALSE(events->empty());
            for (Event const& event : *events) collect(event, ids);
        }
        return ids;
    }

    static void collect(Event const& event, std::vector<std::uint64_t>& ids) {
        auto const* rows = std::get_if<Rows>(&event.body);
        if (rows == nullptr) return;
        for (auto const& change : rows->changes) {
            if (change.after) ids.push_back(change.after->at(0).integer);
        }
    }

    static std::unique_ptr<DatabaseServer> server;
    static std::string reason;
    SystemClock clock_;
    std::stop_source stop_;
};

std::unique_ptr<DatabaseServer> BinlogStreamTest::server;
std::string BinlogStreamTest::reason;

TEST_F(BinlogStreamTest, GivesEveryRowAndEndsWhereTheServerIs) {
    auto stream = open(now());
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    server->execute("INSERT INTO shop.t VALUES (1, 'a'), (2, 'b')");
    server->execute("INSERT INTO shop.t VALUES (3, 'c')");
    Position const end = now();
    EXPECT_THAT(inserted_until(*stream, end), ::testing::ElementsAre(1, 2, 3));
    EXPECT_EQ(stream->position(), end);
}

TEST_F(BinlogStreamTest, FollowsRotations) {
    auto stream = open(now());
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    server->execute("INSERT INTO shop.t VALUES (1, 'a')");
    server->execute("FLUSH BINARY LOGS");
    server->execute("INSERT INTO shop.t VALUES (2, 'b')");
    server->execute("FLUSH BINARY LOGS");
    server->execute("INSERT INTO shop.t VALUES (3, 'c')");
    Position const end = now();
    EXPECT_THAT(inserted_until(*stream, end), ::testing::ElementsAre(1, 2, 3));
    EXPECT_EQ(stream->position(), end);
}

TEST_F(BinlogStreamTest, SurvivesASwitchOfTheChecksum) {
    auto stream = open(now());
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    server->execute("INSERT INTO shop.t VALUES (1, 'a')");
    server->execute("SET GLOBAL binlog_checksum = NONE");
    server->execute("INSERT INTO shop.t VALUES (2, 'b')");
    // Begun while there are none.
    auto second = open(now(), {.server_id = 4712});
    ASSERT_TRUE(second.ok()) << second.error().message();
    server->execute("SET GLOBAL binlog_checksum = CRC32");
    server->execute("INSERT INTO shop.t VALUES (3, 'c')");
    Position const end = now();
    EXPECT_THAT(inserted_until(*stream, end), ::testing::ElementsAre(1, 2, 3));
    EXPECT_THAT(inserted_until(*second, end), ::testing::ElementsAre(3));
    EXPECT_EQ(second->position(), end);
}

// Reopened after every single packet, also in the middle of transactions and statements.
TEST_F(BinlogStreamTest, CanBeOpenedAgainAtEveryPositionItTook) {
    Position const start = now();
    auto connection = server->connect_root("shop");
    ASSERT_TRUE(connection.execute(context(), "BEGIN").ok());
    for (int id = 1; id <= 3; ++id) {
        auto const text = "INSERT INTO t VALUES (" + std::to_string(id) + ", 'x')";
        ASSERT_TRUE(connection.execute(context(), text).ok());
    }
    ASSERT_TRUE(connection.execute(context(), "COMMIT").ok());
    Position const end = now();

    std::set<std::uint64_t> ids;
    Position at = start;
    for (int opened = 0; at < end && opened < 100; ++opened) {
        auto stream = open(at);
        ASSERT_TRUE(stream.ok()) << at.to_string() << ": " << stream.error().message();
        while (stream->position() == at) {
            auto const events = stream->next(context());
            ASSERT_TRUE(events.ok()) << at.to_string() << ": " << events.error().message();
            std::vector<std::uint64_t> found;
            for (Event const& event : events.value()) collect(event, found);
            ids.insert(found.begin(), found.end());
        }
        at = stream->position();
    }
    EXPECT_EQ(at, end);
    EXPECT_THAT(ids, ::testing::ElementsAre(1, 2, 3));
}

TEST_F(BinlogStreamTest, APurgedPositionIsOutOfRange) {
    Position const old = now();
    server->execute("FLUSH BINARY LOGS");
    server->execute("FLUSH BINARY LOGS");
    server->execute("PURGE BINARY LOGS TO '" + now().file + "'");
    auto const stream = open(old);
    ASSERT_FALSE(stream.ok());
    EXPECT_EQ(stream.error().code(), ErrorCode::OutOfRange) << stream.error().message();
    EXPECT_EQ(stream.error().native_code(), 1236U);
}

TEST_F(BinlogStreamTest, APositionBeyondTheEndIsOutOfRange) {
    Position beyond = now();
    beyond.offset += 100'000;
    auto const stream = open(beyond);
    ASSERT_FALSE(stream.ok());
    EXPECT_EQ(stream.error().code(), ErrorCode::OutOfRange) << stream.error().message();
}

TEST_F(BinlogStreamTest, AnAccountWithoutThePrivilegeIsRefused) {
    server->execute("CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'secret'");
    Endpoint endpoint = server->root();
    endpoint.user = "reader";
    endpoint.password = "secret";
    auto const stream = Stream::open(context(), endpoint, now(), all_tables, {.server_id = 4711});
    ASSERT_FALSE(stream.ok());
    EXPECT_EQ(stream.error().code(), ErrorCode::PermissionDenied) << stream.error().message();
}

TEST_F(BinlogStreamTest, ADeadlineLeavesTheStreamUsable) {
    auto stream = open(now(), {.server_id = 4711, .heartbeat_period = milliseconds(60'000)});
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    auto const before = clock_.now();
    while (true) {
        auto const events = stream->next(context(milliseconds(50)));
        if (events.ok()) continue;
        EXPECT_EQ(events.error().code(), ErrorCode::DeadlineExceeded);
        break;
    }
    EXPECT_LT(elapsed_ms(before, clock_.now()), milliseconds(5'000));
    server->execute("INSERT INTO shop.t VALUES (1, 'a')");
    EXPECT_THAT(inserted_until(*stream, now()), ::testing::ElementsAre(1));
}

TEST_F(BinlogStreamTest, AStopEndsABlockedCallAtOnce) {
    auto stream = open(now(), {.server_id = 4711, .heartbeat_period = milliseconds(60'000)});
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    std::latch waiting(1);
    std::jthread const stopper([&] {
        waiting.wait();
        stop_.request_stop();
    });
    waiting.count_down();
    while (true) {
        auto const events = stream->next(context(milliseconds(60'000)));
        if (events.ok()) continue;
        EXPECT_EQ(events.error().code(), ErrorCode::Cancelled);
        break;
    }
}

TEST_F(BinlogStreamTest, HeartbeatsComeWhileNothingHappens) {
    auto stream = open(now(), {.server_id = 4711, .heartbeat_period = milliseconds(100)});
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    Position const before = stream->position();
    for (int heartbeats = 0; heartbeats < 3;) {
        auto const events = stream->next(context());
        ASSERT_TRUE(events.ok()) << events.error().message();
        if (std::holds_alternative<Heartbeat>(events.value().front().body)) ++heartbeats;
    }
    EXPECT_EQ(stream->position(), before);
}

TEST_F(BinlogStreamTest, ASilentServerIsUnavailable) {
    auto stream = open(now(), {.server_id = 4711,
                               .heartbeat_period = milliseconds(100),
                               .silence_limit = milliseconds(1'500)});
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    server->suspend();
    auto events = stream->next(context());
    while (events.ok()) events = stream->next(context());
    server->resume();
    EXPECT_EQ(events.error().code(), ErrorCode::Unavailable) << events.error().message();
    // For good: what came in between is lost to this connection.
    EXPECT_EQ(stream->next(context()).error().code(), ErrorCode::Unavailable);
}

TEST_F(BinlogStreamTest, AKilledServerIsUnavailableAndTheStreamGoesOnAfterItsRestart) {
    auto stream = open(now());
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    server->execute("INSERT INTO shop.t VALUES (1, 'a')");
    EXPECT_THAT(inserted_until(*stream, now()), ::testing::ElementsAre(1));
    server->kill();
    auto events = stream->next(context());
    while (events.ok()) events = stream->next(context());
    EXPECT_EQ(events.error().code(), ErrorCode::Unavailable) << events.error().message();

    ASSERT_TRUE(server->restart().ok());
    server->execute("INSERT INTO shop.t VALUES (2, 'b')");
    auto again = open(stream->position());
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_THAT(inserted_until(*again, now()), ::testing::ElementsAre(2));
}

TEST_F(BinlogStreamTest, APacketOver16MiBArrivesWhole) {
    server->execute("CREATE TABLE shop.big (id INT PRIMARY KEY, v LONGBLOB)");
    auto stream = open(now());
    ASSERT_TRUE(stream.ok()) << stream.error().message();
    server->execute("INSERT INTO shop.big VALUES (1, REPEAT('x', 20000000))");
    EXPECT_THAT(inserted_until(*stream, now()), ::testing::ElementsAre(1));
}

TEST_F(BinlogStreamTest, AServerIdOfZeroIsRefused) {
    auto const stream = open(now(), {.server_id = 0});
    ASSERT_FALSE(stream.ok());
    EXPECT_EQ(stream.error().code(), ErrorCode::InvalidArgument);
}

TEST(BinlogPositionTest, AServerWithoutABinaryLogFailsThePrecondition) {
    auto server = DatabaseServer::start({.settings = {"skip-log-bin"}});
    if (!server.ok()) GTEST_SKIP() << "no MariaDB: " << server.error().message();
    SystemClock clock;
    Context const context(clock, Deadline::after(clock, kLongEnough), {});
    auto connection = server->connect_root();
    auto const position = current_position(context, connection);
    ASSERT_FALSE(position.ok());
    EXPECT_EQ(position.error().code(), ErrorCode::FailedPrecondition);
}

}  // namespace
}  // namespace aipress::mysql::binlog
