// Every .test file of this folder, on every engine.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tuple>

#include "sql/schema.h"
#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"
#include "tests/sql/sql_file.h"

namespace aipress::sql {
namespace {

using testing::IsOk;
using testing::must;
using testing::test_context;

std::filesystem::path folder() {
    auto const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    return std::filesystem::path(source == nullptr ? "." : source) / "tests" / "sql";
}

std::vector<std::string> files() {
    std::vector<std::string> names;
    std::error_code ignored;
    for (auto const& entry : std::filesystem::directory_iterator(folder(), ignored)) {
        if (entry.path().extension() == ".test") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

class SqlFilesTest : public ::testing::TestWithParam<Engine> {
protected:
    void SetUp() override {
        std::string why;
        engine_ = testing::SqlEngine::shared(GetParam(), why);
        if (engine_ == nullptr) GTEST_SKIP() << why;
    }
    void run(std::string const& name) {
        auto const url = must(engine_->make_database());
        database_ = must(Database::open(test_context(), url, engine_->options()));
        version_ = 0;
        for (auto const& record : must(read_sql_file(folder() / (name + ".test")))) {
            SCOPED_TRACE(fmt::format("{}.test:{}", name, record.line));
            switch (record.kind) {
                case SqlRecord::Kind::Schema:
                    change_schema(record);
                    break;
                case SqlRecord::Kind::Statement:
                    run_statement(record);
                    break;
                case SqlRecord::Kind::Query:
                    run_query(record);
                    break;
            }
        }
    }

private:
    void change_schema(SqlRecord const& record) {
        EXPECT_THAT(database_->apply(test_context(), {.version = ++version_,
                                                      .name = "of the test",
                                                      .statements = record.statements}),
                    IsOk());
    }
    void run_statement(SqlRecord const& record) {
        auto const changed = database_->transact(test_context(), [&](Transaction& transaction) {
            return transaction.execute(record.statements.front(), record.parameters);
        });
        if (!record.error.empty()) {
            ASSERT_FALSE(changed.ok());
            EXPECT_EQ(to_string(changed.error().code()), record.error) << changed.error().message();
            return;
        }
        ASSERT_THAT(changed, IsOk());
        EXPECT_EQ(changed.value(), record.changed.value_or(changed.value()));
    }
    void run_query(SqlRecord const& record) {
        auto const rows = database_->transact(test_context(), [&](Transaction& transaction) {
            return transaction.query(record.statements.front(), record.parameters);
        });
        ASSERT_THAT(rows, IsOk());
        std::vector<std::string> found;
        for (auto const& row : rows.value()) found.push_back(must(to_json_text(row, record.types)));
        EXPECT_EQ(found, record.rows);
    }

    testing::SqlEngine* engine_ = nullptr;
    std::unique_ptr<Database> database_;
    std::int64_t version_ = 0;
};

TEST_P(SqlFilesTest, EveryFileHolds) {
    auto const names = files();
    ASSERT_FALSE(names.empty()) << folder();
    for (auto const& name : names) run(name);
}

INSTANTIATE_TEST_SUITE_P(Engines, SqlFilesTest,
                         ::testing::Values(Engine::Sqlite, Engine::Postgres, Engine::Spanner),
                         [](auto const& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace aipress::sql
