// What holds on every engine.
#include "sql/database.h"

#include <gtest/gtest.h>
#include <thread>

#include "sql/schema.h"
#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sql {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::test_context;

std::vector<Migration> const kSchema{
    {.version = 1,
     .name = "counters",
     .statements = {"CREATE TABLE IF NOT EXISTS counters (name varchar NOT NULL, value bigint NOT "
                    "NULL, PRIMARY KEY (name))"}},
    {.version = 2,
     .name = "notes",
     .statements = {"CREATE TABLE IF NOT EXISTS notes (id bigint NOT NULL, note varchar, PRIMARY "
                    "KEY (id))",
                    "CREATE INDEX IF NOT EXISTS notes_by_note ON notes (note)"}}};

struct DatabaseTest : ::testing::TestWithParam<Engine> {
    void SetUp() override {
        std::string why;
        engine = testing::SqlEngine::shared(GetParam(), why);
        if (engine == nullptr) GTEST_SKIP() << why;
        url = must(engine->make_database());
    }
    std::unique_ptr<Database> open() {
        return must(Database::open(test_context(), url, engine->options()));
    }
    std::unique_ptr<Database> open_with_schema() {
        auto database = open();
        EXPECT_THAT(migrate(test_context(), *database, kSchema), IsOk());
        return database;
    }

    testing::SqlEngine* engine = nullptr;
    std::string url;
};

Result<std::int64_t> value_of(Transaction& transaction, std::string const& name) {
    auto const row =
        TRY(transaction.query_one("SELECT value FROM counters WHERE name = $1", {name}));
    if (!row) return Error(ErrorCode::NotFound, name);
    std::int64_t value = 0;
    TRY(row->into(value));
    return value;
}

Result<void> set_counter(Transaction& transaction, std::string const& name, std::int64_t value) {
    TRY(
        transaction.execute("INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name) "
                            "DO UPDATE SET name = excluded.name, value = excluded.value",
                            {name, value}));
    return {};
}

Result<std::int64_t> read_counter(Database& database, std::string const& name) {
    return database.read(test_context(),
                         [&](Transaction& transaction) { return value_of(transaction, name); });
}

// Reads, and writes what it read and one more: two that do not see each other lose one.
Result<void> increment(Transaction& transaction, std::string const& name) {
    auto const value = TRY(value_of(transaction, name));
    return set_counter(transaction, name, value + 1);
}

TEST_P(DatabaseTest, IncrementsOfManyThreadsAndConnectionsAddUp) {
    auto const first = open_with_schema();
    auto const second = open();  // as another process has it
    ASSERT_THAT(first->transact(test_context(),
                                [](Transaction& transaction) -> Result<void> {
                                    return set_counter(transaction, "hits", 0);
                                }),
                IsOk());
    constexpr int kThreads = 4;
    constexpr int kEach = 10;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
        auto& database = i % 2 == 0 ? *first : *second;
        threads.emplace_back([&database] {
            for (int n = 0; n < kEach; ++n) {
                EXPECT_THAT(database.transact(test_context(),
                                              [](Transaction& transaction) {
                                                  return increment(transaction, "hits");
                                              }),
                            IsOk());
            }
        });
    }
    threads.clear();
    EXPECT_EQ(must(read_counter(*second, "hits")), kThreads * kEach);
}

TEST_P(DatabaseTest, AnErrorUndoesEverythingAndIsPassedOn) {
    auto const database = open_with_schema();
    auto const failed = database->transact(test_context(), [](Transaction& t) -> Result<void> {
        TRY(set_counter(t, "undone", 1));
        return Error(ErrorCode::OutOfRange, "the closure's own");
    });
    EXPECT_THAT(failed, HasCode(ErrorCode::OutOfRange));
    EXPECT_THAT(read_counter(*database, "undone"), HasCode(ErrorCode::NotFound));
}

// PostgreSQL goes on with nothing after an error; neither do the others.
TEST_P(DatabaseTest, AfterAFailedStatementTheTransactionIsLost) {
    auto const database = open_with_schema();
    auto const insert = [](Transaction& t, std::int64_t id) {
        return t.execute("INSERT INTO notes (id, note) VALUES ($1, $2)", {id, "x"});
    };
    auto const lost = database->transact(test_context(), [&](Transaction& t) -> Result<void> {
        TRY(insert(t, 1));
        EXPECT_THAT(insert(t, 1), HasCode(ErrorCode::AlreadyExists));
        EXPECT_THAT(insert(t, 2), HasCode(ErrorCode::AlreadyExists));
        return {};
    });
    EXPECT_THAT(lost, HasCode(ErrorCode::AlreadyExists));
    auto const rows = database->read(
        test_context(), [](Transaction& t) { return t.query("SELECT id FROM notes"); });
    EXPECT_TRUE(must(rows).empty());
}

TEST_P(DatabaseTest, AReadSeesOneStateWhileOthersWrite) {
    auto const database = open_with_schema();
    auto const set = [&](std::int64_t value) {
        return database->transact(test_context(), [&](Transaction& transaction) {
            return set_counter(transaction, "seen", value);
        });
    };
    ASSERT_THAT(set(1), IsOk());
    auto const seen =
        database->read(test_context(), [&](Transaction& transaction) -> Result<std::int64_t> {
            auto const before = TRY(value_of(transaction, "seen"));
            EXPECT_THAT(set(before + 1), IsOk());  // it waits for no reader
            return before * 100 + TRY(value_of(transaction, "seen"));
        });
    EXPECT_EQ(must(seen), 101);
    EXPECT_EQ(must(read_counter(*database, "seen")), 2);
}

TEST_P(DatabaseTest, ManyStatementsAreOneBatch) {
    auto const database = open_with_schema();
    std::vector<Statement> statements;
    int const many = GetParam() == Engine::Spanner ? 60 : 1'200;  // its emulator is slow
    for (int i = 0; i < many; ++i) {
        statements.push_back({"INSERT INTO notes (id, note) VALUES ($1, $2)", {i, "n"}});
    }
    statements.push_back({"UPDATE notes SET note = $1 WHERE id < $2", {"changed", 10}});
    auto const counts = database->transact(
        test_context(), [&](Transaction& t) { return t.execute_all(statements); });
    ASSERT_THAT(counts, IsOk());
    ASSERT_EQ(counts.value().size(), statements.size());
    EXPECT_EQ(counts.value().front(), 1);
    EXPECT_EQ(counts.value().back(), 10);
    // One that fails undoes all.
    std::vector<Statement> const clashing{
        {"INSERT INTO notes (id, note) VALUES ($1, $2)", {5'000, "n"}},
        {"INSERT INTO notes (id, note) VALUES ($1, $2)", {1, "n"}},
        {"INSERT INTO notes (id, note) VALUES ($1, $2)", {5'001, "n"}}};
    EXPECT_THAT(
        database->transact(test_context(), [&](Transaction& t) { return t.execute_all(clashing); }),
        HasCode(ErrorCode::AlreadyExists));
    auto const left = database->read(test_context(), [](Transaction& t) {
        return t.query("SELECT id FROM notes WHERE id >= $1", {5'000});
    });
    EXPECT_TRUE(must(left).empty());
}

TEST_P(DatabaseTest, WhatIsCalledOffEnds) {
    auto const database = open_with_schema();
    std::stop_source stop;
    auto const context = test_context().stopped_by(stop.get_token());
    unsigned runs = 0;
    auto const ended = database->transact(context, [&](Transaction& t) -> Result<void> {
        ++runs;
        stop.request_stop();
        return set_counter(t, "called off", 1);
    });
    EXPECT_FALSE(ended.ok());
    EXPECT_LE(runs, 1u);
    EXPECT_THAT(read_counter(*database, "called off"), HasCode(ErrorCode::NotFound));
}

TEST_P(DatabaseTest, ASchemaIsMadeOnceByAllWhoStartAtOnce) {
    constexpr int kStarting = 4;
    std::vector<std::unique_ptr<Database>> databases;
    for (int i = 0; i < kStarting; ++i) databases.push_back(open());
    std::vector<std::jthread> threads;
    for (auto& database : databases) {
        threads.emplace_back([&database] {
            auto const state = migrate(test_context(), *database, kSchema);
            ASSERT_THAT(state, IsOk());
            EXPECT_EQ(state.value().version, 2);
        });
    }
    threads.clear();
    auto const rows = databases.front()->read(test_context(), [](Transaction& t) {
        return t.query("SELECT version, name FROM schema_versions ORDER BY version");
    });
    ASSERT_EQ(must(rows).size(), 2u);
}

TEST_P(DatabaseTest, ANewerOrAnotherSchemaIsRefused) {
    auto const database = open_with_schema();
    std::vector<Migration> const older(kSchema.begin(), kSchema.begin() + 1);
    EXPECT_THAT(migrate(test_context(), *database, older), HasCode(ErrorCode::FailedPrecondition));
    auto other = kSchema;
    other[1].statements.pop_back();
    EXPECT_THAT(migrate(test_context(), *database, other), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_EQ(must(schema_state(test_context(), *database, kSchema)).version, 2);
}

INSTANTIATE_TEST_SUITE_P(Engines, DatabaseTest,
                         ::testing::Values(Engine::Sqlite, Engine::Postgres, Engine::Spanner),
                         [](auto const& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace aipress::sql
