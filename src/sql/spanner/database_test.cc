// What Cloud Spanner's network loses. On Google's emulator.
#include "sql/spanner/database.h"

#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include "gcp/connection.h"
#include "gcp/fields.h"
#include "sql/schema.h"
#include "testing/lossy_transport.h"
#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sql::spanner {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::test_context;

constexpr char const* kApi = "spanner.googleapis.com";

struct SpannerTest : ::testing::Test {
    void SetUp() override {
        std::string why;
        engine = testing::SqlEngine::shared(Engine::Spanner, why);
        if (engine == nullptr) GTEST_SKIP() << why;
        url = must(engine->make_database());
        connection = std::make_unique<gcp::Connection>(
            transport, *tokens, quotas,
            gcp::ConnectionOptions{
                .endpoints = {{kApi, engine->options().google->endpoint(kApi)}},
                .retry = {.first = milliseconds(1), .most = milliseconds(5), .attempts = 2}});
        database = must(Database::open(test_context(), url, {.google = connection.get()}));
        must(migrate(test_context(), *database,
                     {{1,
                       "counter",
                       {"CREATE TABLE IF NOT EXISTS counters (name varchar NOT NULL, value bigint "
                        "NOT NULL, PRIMARY KEY (name))",
                        "CREATE TABLE IF NOT EXISTS done (operation varchar NOT NULL, PRIMARY KEY "
                        "(operation))"}}}));
        must(database->transact(test_context(), [](Transaction& t) {
            return t.execute("INSERT INTO counters (name, value) VALUES ('n', 0)");
        }));
    }
    // Adds one, once for each operation.
    Result<void> add_one(std::string const& operation, AfterLostCommit after_lost_commit) {
        return database->transact(
            test_context(),
            [&](Transaction& t) -> Result<void> {
                auto const is_new = TRY(t.execute(
                    "INSERT INTO done (operation) VALUES ($1) ON CONFLICT (operation) DO NOTHING",
                    {operation}));
                if (is_new == 0) return {};
                TRY(t.execute("UPDATE counters SET value = value + 1 WHERE name = 'n'"));
                return {};
            },
            after_lost_commit);
    }
    std::int64_t value() {
        auto const read =
            database->read(test_context(), [](Transaction& t) -> Result<std::int64_t> {
                auto const row = TRY(t.query_one("SELECT value FROM counters WHERE name = 'n'"));
                std::int64_t found = 0;
                TRY(row->into(found));
                return found;
            });
        return must(read);
    }

    testing::SqlEngine* engine = nullptr;
    std::string url;
    SystemClock clock;
    testing::LossyTransport transport;
    std::unique_ptr<gcp::TokenSource> tokens = gcp::make_fixed_token("unused");
    gcp::QuotaBroker quotas{clock};
    std::unique_ptr<gcp::Connection> connection;
    std::unique_ptr<Database> database;
};

TEST_F(SpannerTest, AnAnswerThatIsLostIsDoneOnce) {
    transport.lose("POST", ":commit");
    EXPECT_THAT(add_one("commit", AfterLostCommit::Fail), IsOk());
    EXPECT_EQ(transport.left(), 0);
    EXPECT_EQ(value(), 1);
    // A statement that begins the transaction, and one within it.
    transport.lose("POST", ":executeSql");
    EXPECT_THAT(add_one("statement", AfterLostCommit::Fail), IsOk());
    EXPECT_EQ(transport.left(), 0);
    EXPECT_EQ(value(), 2);
}

TEST_F(SpannerTest, ACommitThatNobodyAnswersIsUnknownOrFoundOut) {
    transport.lose("POST", ":commit", 2);  // the repeated one's too
    EXPECT_THAT(add_one("unknown", AfterLostCommit::Fail), HasCode(ErrorCode::Unknown));
    EXPECT_EQ(transport.left(), 0);
    EXPECT_EQ(value(), 1);
    transport.lose("POST", ":commit", 2);
    EXPECT_THAT(add_one("found out", AfterLostCommit::RunAgain), IsOk());
    EXPECT_EQ(transport.left(), 0);
    EXPECT_EQ(value(), 2);
}

TEST_F(SpannerTest, ASessionThatTheServerEndedIsReplaced) {
    auto const sessions = must(connection->call(
        test_context(), {.api = kApi,
                         .path = "/v1/projects/test-project/instances/test-instance/databases/" +
                                 url.substr(url.rfind('/') + 1) + "/sessions"}));
    ASSERT_FALSE(gcp::array_of(sessions, "sessions").empty());
    for (auto const& session : gcp::array_of(sessions, "sessions")) {
        must(connection->call(test_context(),
                              {.api = kApi,
                               .method = "DELETE",
                               .path = "/v1/" + gcp::text_of(session.get_object(), "name")}));
    }
    EXPECT_THAT(add_one("replaced", AfterLostCommit::Fail), IsOk());
    EXPECT_EQ(value(), 1);
}

TEST_F(SpannerTest, AnOlderStateIsReadWhereThatWillDo) {
    auto const stale = database->read(
        test_context(), [](Transaction& t) { return t.query("SELECT value FROM counters"); },
        {.staleness = milliseconds(1)});
    ASSERT_THAT(stale, IsOk());
    EXPECT_LE(stale.value().size(), 1u);
    // Before there was a table.
    EXPECT_FALSE(database
                     ->read(test_context(),
                            [](Transaction& t) { return t.query("SELECT value FROM counters"); },
                            {.staleness = milliseconds(60'000)})
                     .ok());
}

TEST_F(SpannerTest, AUrlNamesThreeParts) {
    for (auto const* const bad : {"spanner://", "spanner://p/i", "spanner://p/i/d/x",
                                  "spanner://p//d", "spanner://p/i/d?x", "spanner://p/i/../d"}) {
        EXPECT_THAT(Database::open(test_context(), bad, {.google = connection.get()}),
                    HasCode(ErrorCode::InvalidArgument))
            << bad;
    }
}

}  // namespace
}  // namespace aipress::sql::spanner
