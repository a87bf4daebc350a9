// A PostgreSQL server that is killed under its writers.
#include "sql/postgres/database.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

#include "sql/schema.h"
#include "testing/postgres_server.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sql::postgres {
namespace {

using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using ::testing::Not;
using testing::test_context;

std::vector<Migration> const kSchema{
    {1,
     "counter",
     {"CREATE TABLE IF NOT EXISTS counters (name varchar NOT NULL, value bigint NOT NULL, PRIMARY "
      "KEY (name))",
      "CREATE TABLE IF NOT EXISTS done (operation varchar NOT NULL, PRIMARY KEY (operation))"}}};

// Adds one, once for each operation.
Result<void> add_one(Transaction& t, std::string const& operation, std::string const& counter) {
    auto const is_new =
        TRY(t.execute("INSERT INTO done (operation) VALUES ($1) ON CONFLICT (operation) DO NOTHING",
                      {operation}));
    if (is_new == 0) return {};
    TRY(t.execute("UPDATE counters SET value = value + 1 WHERE name = $1", {counter}));
    return {};
}

TEST(PostgresCrashTest, NothingThatWasAnsweredIsLostOrDoneTwice) {
    auto started = testing::PostgresServer::start();
    if (!started.ok()) GTEST_SKIP() << started.error().message();
    auto server = started.release();
    auto const database = must(Database::open(test_context(), must(server.make_database())));
    must(migrate(test_context(), *database, kSchema));
    constexpr int kWriters = 3;
    for (int i = 0; i < kWriters; ++i) {
        must(database->transact(test_context(), [&](Transaction& t) {
            return t.execute("INSERT INTO counters (name, value) VALUES ($1, 0)",
                             {std::to_string(i)});
        }));
    }
    std::atomic<std::int64_t> answered = 0;
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i) {
        writers.emplace_back([&, i](std::stop_token const& stop) {
            for (int n = 0; !stop.stop_requested(); ++n) {
                auto const operation = std::to_string(i) + "/" + std::to_string(n);
                ASSERT_THAT(
                    database->transact(
                        test_context(),
                        [&](Transaction& t) { return add_one(t, operation, std::to_string(i)); },
                        AfterLostCommit::RunAgain),
                    IsOk());
                ++answered;
            }
        });
    }
    auto const context = test_context();
    for (int kills = 0; kills < 3; ++kills) {
        auto const before = answered.load();
        while (answered < before + 20 && context.sleep(milliseconds(1))) {
        }
        server.kill();
        must(server.restart());
    }
    auto const before = answered.load();
    while (answered < before + 5 && context.sleep(milliseconds(1))) {
    }
    writers.clear();
    auto const sum = database->read(test_context(), [](Transaction& t) -> Result<std::int64_t> {
        auto const row = TRY(t.query_one("SELECT sum(value) FROM counters"));
        std::int64_t found = 0;
        TRY(row->into(found));
        return found;
    });
    EXPECT_EQ(must(sum), answered);
}

TEST(PostgresUrlTest, WhatIsWrongIsSaidWithoutThePassword) {
    auto const refused =
        Database::open(test_context(), "postgres://ada:open-sesame@127.0.0.1:1/fleet");
    EXPECT_THAT(refused, HasError(ErrorCode::Unavailable, Not(HasSubstr("open-sesame"))));
    auto const malformed =
        Database::open(test_context(), "postgres://ada:open-sesame@[::1/fleet?nonsense=1");
    EXPECT_THAT(malformed, HasError(ErrorCode::InvalidArgument, Not(HasSubstr("open-sesame"))));
    EXPECT_THAT(Database::open(test_context(), "mysql://ada:open-sesame@h/fleet"),
                HasError(ErrorCode::InvalidArgument, Not(HasSubstr("open-sesame"))));
}

}  // namespace
}  // namespace aipress::sql::postgres
