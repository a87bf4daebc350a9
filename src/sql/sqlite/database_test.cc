// SQLite with several processes at its file: two Databases are as two processes to it.
#include "sql/sqlite/database.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "sql/schema.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::sql::sqlite {
namespace {

using testing::IsOk;
using testing::must;
using testing::test_context;

struct SqliteTest : ::testing::Test {
    std::unique_ptr<Database> open() {
        return must(Database::open(test_context(), "sqlite:" + (folder / "db").string()));
    }

    testing::TemporaryDirectory folder = must(testing::TemporaryDirectory::make());
};

Result<void> write(Database& database) {
    return database.transact(test_context(), [](Transaction& t) -> Result<void> {
        TRY(t.execute("UPDATE counters SET value = value + 1 WHERE name = 'n'"));
        return {};
    });
}

TEST_F(SqliteTest, AWriterOfAnotherProcessGetsItsTurn) {
    auto const busy = open();
    must(migrate(test_context(), *busy,
                 {{1,
                   "counters",
                   {"CREATE TABLE IF NOT EXISTS counters (name varchar NOT NULL, value bigint NOT "
                    "NULL, PRIMARY KEY (name))",
                    "INSERT INTO counters (name, value) VALUES ('n', 0)"}}}));
    auto const other = open();
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) {
        writers.emplace_back([&](std::stop_token const& stop) {
            while (!stop.stop_requested()) EXPECT_THAT(write(*busy), IsOk());
        });
    }
    SystemClock clock;
    milliseconds longest{0};
    for (int i = 0; i < 20; ++i) {
        auto const began = clock.now();
        EXPECT_THAT(write(*other), IsOk());
        longest = std::max(longest, elapsed_ms(began, clock.now()));
    }
    EXPECT_LT(longest, milliseconds(5'000));
}

TEST_F(SqliteTest, OnlyItsOwnerMayReadAFileThatIsMade) {
    auto const database = open();
    struct stat found{};
    ASSERT_EQ(::stat((folder / "db").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777u, 0600u);
}

}  // namespace
}  // namespace aipress::sql::sqlite
