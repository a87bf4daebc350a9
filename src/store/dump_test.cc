#include "store/dump.h"

#include <fstream>
#include <gtest/gtest.h>
#include <limits>

#include "sql/schema.h"
#include "store/schema.h"
#include "store/store.h"
#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::store {
namespace {

using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using testing::test_context;

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
constexpr char const* kAwkward = "Grüße 世界 😀 'q' \"qq\" \\ \b\t\r\n $1 %s; -- \x7f \xEF\xBF\xBD";

Timestamp time_of(char const* text) {
    return *sql::parse_timestamp(text);
}

// A row or several in every table, with what is hard to carry.
Result<void> fill(sql::Transaction& t) {
    auto const first = time_of("0001-01-01T00:00:00.000000Z");
    auto const last = time_of("9999-12-31T23:59:59.999999Z");
    TRY(Table<Project>(t).insert({.id = "p",
                                  .role = ProjectRole::Meta,
                                  .region = "",
                                  .attributes = kAwkward,
                                  .created_at = first,
                                  .version = kMost}));
    TRY(Table<Epoch>(t).insert({.epoch = kLeast, .num_shards = kMost, .created_at = last}));
    TRY(Table<Shard>(t).insert({.id = "s", .number = kLeast, .cap_slots = kMost, .used = 3}));
    Tenant tenant{.id = "a", .home_shard = kAwkward, .bytes = kMost};
    TRY(Table<Tenant>(t).insert(tenant));
    for (char const* id : {"B", "b", "ä", "'", "a b", "10", "9"}) {
        tenant.id = id;
        tenant.shard = id;
        tenant.next_shard = "";  // is not NULL
        tenant.state = TenantState::Moving;
        TRY(Table<Tenant>(t).insert(tenant));
    }
    TRY(set_route(t, {.tenant = "a", .endpoint = kAwkward, .version = 0}));
    TRY(Table<Migration>(t).insert({.id = "m", .tenant = "a", .reason = kAwkward}));
    std::vector<Step> steps;
    for (std::int64_t i = -3; i < 40; ++i) {
        steps.push_back({.migration = i % 2 == 0 ? "m" : "M", .sequence = i, .at = last});
    }
    steps.back().state = "moved";
    TRY(Table<Step>(t).insert_all(steps));
    TRY(Table<LeaseRow>(t).insert({.name = kAwkward, .token = kMost, .expires_at = first}));
    Change const change{.operation = "op", .kind = "k", .target = kAwkward};
    return record_change(t, change, {.answer = {{"text", kAwkward}}});
}

struct DumpTest : ::testing::Test {
    // nullptr: the engine is not here.
    std::unique_ptr<sql::Database> make(sql::Engine engine) {
        auto* const engines = testing::SqlEngine::shared(engine, why);
        if (engines == nullptr) return nullptr;
        auto const url = must(engines->make_database());
        return must(sql::Database::open(test_context(), url, engines->options()));
    }
    std::unique_ptr<sql::Database> make_filled() {
        auto database = make(sql::Engine::Sqlite);
        EXPECT_THAT(sql::migrate(test_context(), *database, migrations()), IsOk());
        EXPECT_THAT(database->transact(test_context(), fill), IsOk());
        return database;
    }
    std::string dumped(sql::Database& database) {
        std::string text;
        must(dump(test_context(), database, [&](std::string_view line) {
            text += line;
            return Result<void>();
        }));
        return text;
    }
    std::filesystem::path file_of(std::string const& text) {
        auto const file = folder / "dump.ndjson";
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }

    testing::TemporaryDirectory folder = must(testing::TemporaryDirectory::make());
    std::string why;
};

// SQLite to PostgreSQL to Cloud Spanner and back.
TEST_F(DumpTest, AStoreGoesFromEngineToEngineWithoutLoss) {
    auto const first = dumped(*make_filled());
    for (auto const& shape : table_shapes()) {
        EXPECT_THAT(first, HasSubstr("{\"table\":\"" + shape.name + "\""));
    }
    for (auto const engine : {sql::Engine::Postgres, sql::Engine::Spanner, sql::Engine::Sqlite}) {
        auto const database = make(engine);
        if (database == nullptr) continue;
        ASSERT_THAT(load(test_context(), *database, file_of(first)), IsOk());
        EXPECT_EQ(dumped(*database), first) << to_string(engine);
    }
    if (!why.empty()) GTEST_SKIP() << why << " (the other engines were tested)";
}

// Types that no table of the fleet has so far.
TEST_F(DumpTest, EveryTypeIsCarried) {
    std::vector<sql::Migration> const schema{
        {1,
         "things",
         {"CREATE TABLE IF NOT EXISTS things (id bigint NOT NULL, truth boolean, data bytea, real "
          "double precision, at timestamptz, name varchar, PRIMARY KEY (id))"}}};
    std::vector<TableShape> const shapes{{.name = "things",
                                          .columns = {{"id", sql::Type::Integer, false},
                                                      {"truth", sql::Type::Boolean, true},
                                                      {"data", sql::Type::Bytes, true},
                                                      {"real", sql::Type::Double, true},
                                                      {"at", sql::Type::Timestamp, true},
                                                      {"name", sql::Type::Text, true}}}};
    std::string all_bytes;
    for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
    auto const insert = [&](sql::Transaction& t) -> Result<void> {
        auto const* const sql =
            "INSERT INTO things (id, truth, data, real, at, name) VALUES ($1, $2, $3, $4, $5, $6)";
        TRY(t.execute(sql, {kLeast, true, sql::Bytes{all_bytes}, -0.1,
                            time_of("1969-12-31T23:59:59.999999Z"), kAwkward}));
        TRY(t.execute(sql, {0, false, sql::Bytes{}, 1e-300, nullptr, ""}));
        TRY(t.execute(sql, {kMost, nullptr, nullptr, nullptr, nullptr, nullptr}));
        for (int i = 1; i <= 1'001; ++i) {  // a page and more
            TRY(t.execute("INSERT INTO things (id) VALUES ($1)", {i}));
        }
        return {};
    };
    auto const text_of = [&](sql::Database& database) {
        std::string text;
        must(dump_tables(test_context(), database, shapes, [&](std::string_view line) {
            text += line;
            return Result<void>();
        }));
        return text;
    };
    auto const source = make(sql::Engine::Sqlite);
    must(sql::migrate(test_context(), *source, schema));
    ASSERT_THAT(source->transact(test_context(), insert), IsOk());
    auto const first = text_of(*source);
    for (auto const engine : {sql::Engine::Postgres, sql::Engine::Sqlite}) {
        auto const database = make(engine);
        if (database == nullptr) GTEST_SKIP() << why;
        must(sql::migrate(test_context(), *database, schema));
        ASSERT_THAT(load_tables(test_context(), *database, shapes, file_of(first)), IsOk());
        EXPECT_EQ(text_of(*database), first) << to_string(engine);
    }
}

TEST_F(DumpTest, ADamagedDumpIsRefusedBeforeAnythingIsDone) {
    auto const whole = dumped(*make_filled());
    auto const database = make(sql::Engine::Sqlite);
    auto changed = whole;
    changed[changed.find("\"used\":3") + 7] = '4';
    for (auto const& text : {changed, whole.substr(0, whole.size() / 2), whole + "{}\n",
                             std::string("{\"aipress_journal\":1}\n"), std::string()}) {
        EXPECT_THAT(load(test_context(), *database, file_of(text)), HasCode(ErrorCode::DataLoss));
    }
    EXPECT_FALSE(must(database->has_table(test_context(), "tenants")));
    auto other_schema = whole;
    other_schema.replace(other_schema.find("\"schema\":1"), 10, "\"schema\":9");
    EXPECT_THAT(load(test_context(), *database, file_of(other_schema)),
                HasCode(ErrorCode::FailedPrecondition));
}

TEST_F(DumpTest, OnlyAnEmptyStoreIsLoadedInto) {
    auto const source = make_filled();
    EXPECT_THAT(load(test_context(), *source, file_of(dumped(*source))),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("not empty")));
}

// As a SIGKILL leaves it: the mark and some of the rows.
TEST_F(DumpTest, ALoadThatWasKilledCarriesOn) {
    auto const text = dumped(*make_filled());
    auto const database = make(sql::Engine::Sqlite);
    must(sql::migrate(test_context(), *database, migrations()));
    auto const sha = text.substr(text.rfind("\"sha256\":\"") + 10, 64);
    ASSERT_THAT(
        database->transact(
            test_context(),
            [&](sql::Transaction& t) -> Result<void> {
                TRY(Table<Operation>(t).insert({.id = "load-" + sha, .kind = "store.load"}));
                return Table<Project>(t).insert({.id = "p",
                                                 .role = ProjectRole::Meta,
                                                 .attributes = kAwkward,
                                                 .created_at = time_of("0001-01-01T00:00:00Z"),
                                                 .version = kMost});
            }),
        IsOk());
    EXPECT_THAT(dump(test_context(), *database, [](std::string_view) { return Result<void>(); }),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("not finished")));
    ASSERT_THAT(load(test_context(), *database, file_of(text)), IsOk());
    EXPECT_EQ(dumped(*database), text);
}

}  // namespace
}  // namespace aipress::store
