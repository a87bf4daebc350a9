// `aipress store` as an operator runs it: two at once, killed midway, from engine to engine.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "store/dump.h"
#include "store/store.h"
#include "testing/aipress_process.h"
#include "testing/postgres_server.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::run_aipress;
using testing::test_context;

constexpr int kTenants = 20'000;

struct StoreCommandTest : ::testing::Test {
    [[nodiscard]] std::string url(std::string_view name) const {
        return fmt::format("sqlite:{}", (folder / name).string());
    }
    void expect_ok(testing::Arguments const& arguments) {
        auto const result = must(run_aipress(test_context(), arguments));
        EXPECT_EQ(result.status.code, 0) << result.describe();
    }
    [[nodiscard]] static std::string bytes_of(std::filesystem::path const& file) {
        std::ostringstream text;
        text << std::ifstream(file, std::ios::binary).rdbuf();
        return text.str();
    }
    void fill(std::string const& store_url) {
        auto const store = must(store::Store::open(test_context(), store_url));
        std::vector<store::Tenant> tenants;
        for (int i = 0; i < kTenants; ++i) {
            tenants.push_back({.id = fmt::format("tenant-{:05}", i), .bytes = i});
        }
        must(store->database().transact(test_context(), [&](sql::Transaction& t) -> Result<int> {
            TRY(store::Table<store::Tenant>(t).insert_all(tenants));
            return 0;
        }));
    }

    testing::TemporaryDirectory folder = must(testing::TemporaryDirectory::make());
};

TEST_F(StoreCommandTest, ALoadThatIsKilledCarriesOnAndLosesNothing) {
    fill(url("source"));
    auto const file = (folder / "fleet.ndjson").string();
    expect_ok({"store", "dump", "--store", url("source"), "--out", file});
    // Each time it gets further: killed when so many rows are there.
    auto const rows = [&] {
        auto const database = sql::Database::open(test_context(), url("target"),
                                                  {.missing_file = sql::MissingFile::Refuse});
        if (!database.ok()) return std::int64_t{0};
        auto const counts = store::count_rows(test_context(), *database.value());
        if (!counts.ok()) return std::int64_t{0};
        for (auto const& [table, count] : counts.value()) {
            if (table == "tenants") return count;
        }
        return std::int64_t{0};
    };
    unsigned killed = 0;
    for (std::int64_t const enough : {1, 4'000, 12'000}) {
        auto process =
            must(testing::AipressProcess::start({"store", "load", file, "--store", url("target")}));
        auto const context = test_context();
        while (process.running() && rows() < enough && context.sleep(milliseconds(1))) {
        }
        if (process.running()) ++killed;
        process.kill();
    }
    EXPECT_GT(killed, 0u) << "it was always faster";
    expect_ok({"store", "load", file, "--store", url("target")});
    expect_ok({"store", "dump", "--store", url("target"), "--out", (folder / "again").string()});
    EXPECT_EQ(bytes_of(folder / "again"), bytes_of(file));
    // Another engine, and what is not empty.
    auto server = testing::PostgresServer::start();
    if (!server.ok()) GTEST_SKIP() << server.error().message();
    auto const postgres = must(server.value().make_database());
    expect_ok({"store", "load", file, "--store", postgres});
    expect_ok({"store", "dump", "--store", postgres, "--out", (folder / "again").string()});
    EXPECT_EQ(bytes_of(folder / "again"), bytes_of(file));
    auto const refused =
        must(run_aipress(test_context(), {"store", "load", file, "--store", postgres}));
    EXPECT_EQ(refused.status.code, 1);
    EXPECT_THAT(refused.error, HasSubstr("not empty"));
}

TEST_F(StoreCommandTest, ProcessesThatStartAtOnceMakeOneSchema) {
    std::vector<std::string> urls{url("store")};
    auto server = testing::PostgresServer::start();
    if (server.ok()) urls.push_back(must(server.value().make_database()));
    for (auto const& store : urls) {
        std::vector<testing::AipressProcess> processes;
        for (int i = 0; i < 4; ++i) {
            processes.push_back(
                must(testing::AipressProcess::start({"store", "migrate", "--store", store})));
        }
        for (auto& process : processes) {
            auto const result = must(process.wait(test_context()));
            EXPECT_EQ(result.status.code, 0) << result.describe();
        }
        auto const status = must(
            run_aipress(test_context(), {"store", "status", "--store", store, "--format", "json"}));
        EXPECT_EQ(must(status.json()).at("schema"), 1);
    }
    if (!server.ok()) GTEST_SKIP() << server.error().message();
}

TEST_F(StoreCommandTest, WhatCannotBeDoneIsSaidWithTheNextStep) {
    auto const nothing =
        must(run_aipress(test_context(), {"store", "status", "--store", url("nothing")}));
    EXPECT_EQ(nothing.status.code, 1);
    EXPECT_THAT(nothing.error, HasSubstr("next: make it: aipress store migrate"));
    EXPECT_FALSE(std::filesystem::exists(folder / "nothing"));
    std::ofstream(folder / "text") << std::string(4'096, 'x');
    auto const no_database =
        must(run_aipress(test_context(), {"store", "migrate", "--store", url("text")}));
    EXPECT_EQ(no_database.status.code, 1);
    EXPECT_THAT(no_database.error, HasSubstr("not a database"));
    auto const unreached =
        must(run_aipress(test_context(), {"store", "status"},
                         {{"AIPRESS_STORE", "postgres://ada:open-sesame@127.0.0.1:1/fleet"}}));
    EXPECT_EQ(unreached.status.code, 1);
    EXPECT_THAT(unreached.error, HasSubstr("Connection refused"));
    EXPECT_EQ(unreached.error.find("open-sesame"), std::string::npos);
}

}  // namespace
}  // namespace aipress
