// One tenant under random writers, fenced again and again: whatever was changed is in the log by
// the time that the tables are shut, is carried over, and nothing comes behind it.
//
// A move fences once, and what can be lost there is lost once in hundreds. Here a fence is all that
// happens. AIPRESS_TEST_RUNS=n is the number of fences.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>

#include "base/probe.h"
#include "mover/catch_up.h"
#include "mover/digest.h"
#include "mover/gate.h"
#include "mysql/schema.h"
#include "random_seed.h"
#include "random_workload.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "tests/integration/memory_effect_log.h"

namespace aipress::functional {
namespace {

using testing::DatabaseServer;
using testing::IsOk;
using testing::must;
using testing::ServerKind;

constexpr std::string_view kMoveId = "fences";
constexpr std::string_view kDatabase = "shop";
constexpr std::uint64_t kUsualFences = 20;
constexpr std::uint64_t kBetween = 12;  // transactions
constexpr std::size_t kMostRows = 200;

Context test_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(120'000)), std::stop_token()};
}

class FencedTenant {
public:
    FencedTenant(DatabaseServer const& source, DatabaseServer const& target, Dialect dialect,
                 std::uint64_t seed)
        : source_(source), target_(target), random_(seed), schema_(make_schema(random_, dialect)) {}

    void run(std::uint64_t fences) {
        make_tenant();
        start_catch_up();
        carry_first_rows();
        Workload writers(tenant_, schema_, random_.fork(),
                         {.writers = 6, .pause = milliseconds(0)});
        for (std::uint64_t fence = 1; fence <= fences; ++fence) {
            SCOPED_TRACE(fmt::format("fence {}", fence));
            ASSERT_TRUE(writers.wait_for_transactions(test_context(), kBetween));
            ASSERT_NO_FATAL_FAILURE(fence_and_compare());
            if (::testing::Test::HasFailure()) return;
        }
        writers.stop();
        EXPECT_THAT(writers.unexpected_errors(), ::testing::IsEmpty());
    }

private:
    void make_tenant() {
        std::string const database(kDatabase);
        for (auto const* server : {&source_, &target_}) {
            server->execute("CREATE DATABASE " + database + " CHARACTER SET utf8mb4");
            auto connection = server->connect_root();
            must(
                mover::metadata::install(test_context(), connection, std::string(kMoveId), probe_));
        }
        source_.execute("SET GLOBAL max_binlog_size = 65536");
        source_.execute("CREATE USER writer@'127.0.0.1' IDENTIFIED BY 'secret'");
        source_.execute("GRANT ALL ON " + database + ".* TO writer@'127.0.0.1'");
        tenant_ = source_.root(database);
        tenant_.user = "writer";
        tenant_.password = "secret";
        must(create_and_fill(test_context(), source_.root(database), schema_, random_.fork(),
                             kMostRows));
        auto target = target_.connect_root(database);
        must(target.execute(test_context(), "SET NAMES utf8mb4"));
        for (auto const& table : schema_.tables) {
            must(target.execute(test_context(), table.create_sql()));
            tables_.push_back(table.name);
        }
    }

    void start_catch_up() {
        auto admin = source_.connect_root();
        auto const read = must(mysql::read_schema(test_context(), admin, std::string(kDatabase)));
        for (auto const& table : read.tables)
            layouts_.emplace(table.name, mover::TableLayout(table));
        mover::CatchUpOptions options;
        options.from = source_.root(std::string(kDatabase));
        options.to = target_.root(std::string(kDatabase));
        options.move_id = kMoveId;
        options.server_id = 4713;
        options.start = must(mysql::binlog::current_position(test_context(), admin));
        options.spill_directory = folder_.path();
        options.hidden_changes = {"child"};
        catch_up_ = must(mover::CatchUp::start(test_context(), options, layouts_, probe_));
    }

    void carry_first_rows() {
        auto reader = source_.connect_root(std::string(kDatabase));
        for (auto const& [name, layout] : layouts_) {
            if (!layout.has_key()) continue;
            for (auto const& [key, digest] :
                 must(mover::digest_rows_in_range(test_context(), reader, layout, {})))
                must(catch_up_->follower().add(name, key));
        }
        ASSERT_THAT(catch_up_->drain(test_context()), IsOk());
    }

    void fence_and_compare() {
        auto admin = source_.connect_root();
        mover::MemoryEffectLog log;
        mover::Gate gate(mover::Side::Source, std::string(kDatabase), {{"writer", "127.0.0.1"}},
                         log, probe_);
        ASSERT_THAT(gate.close(test_context(), admin), IsOk());
        {
            auto lock = source_.connect_root(std::string(kDatabase));
            ASSERT_THAT(mover::shut_tables(test_context(), lock, tables_), IsOk());
            ASSERT_THAT(catch_up_->drain(test_context()), IsOk());
            ASSERT_THAT(catch_up_->copy_keyless_tables(test_context()), IsOk());
            compare();
            EXPECT_THAT(gate.check_closed(test_context(), admin), IsOk());
            compare();
        }
        ASSERT_THAT(gate.open(test_context(), admin), IsOk());
    }

    // Every row of every table; of `child` the log does not name all changes.
    void compare() {
        auto source = source_.connect_root(std::string(kDatabase));
        auto target = target_.connect_root(std::string(kDatabase));
        for (auto const& [name, layout] : layouts_) {
            if (!layout.has_key() || name == "child") continue;
            auto const differing = mover::differing_keys(
                must(mover::digest_rows_in_range(test_context(), source, layout, {})),
                must(mover::digest_rows_in_range(test_context(), target, layout, {})));
            for (auto const& key : differing) {
                ADD_FAILURE() << name << ' ' << layout.describe_key(key) << ' '
                              << must(mover::explain_difference(test_context(), source, target,
                                                                layout, key));
            }
        }
    }

    DatabaseServer const& source_;
    DatabaseServer const& target_;
    Random random_;
    Schema schema_;
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    NoProbe probe_;
    mysql::Endpoint tenant_;
    std::vector<std::string> tables_;
    mover::Layouts layouts_;
    std::unique_ptr<mover::CatchUp> catch_up_;
};

TEST(ManyFencesTest, MySql56LosesNothing) {
    auto const source = DatabaseServer::start({.kind = ServerKind::MySql56, .server_id = 1});
    if (!source.ok() && source.error().code() == ErrorCode::NotFound)
        GTEST_SKIP() << source.error().message();
    ASSERT_THAT(source, IsOk());
    auto const target = must(DatabaseServer::start({.server_id = 2}));
    auto const seed = first_seed();
    std::cout << "seed " << seed << std::endl;
    FencedTenant(source.value(), target, Dialect::MySql56, seed).run(number_of_runs(kUsualFences));
}

TEST(ManyFencesTest, MariaDbLosesNothing) {
    auto const source = must(DatabaseServer::start({.server_id = 1}));
    auto const target = must(DatabaseServer::start({.server_id = 2}));
    auto const seed = first_seed();
    std::cout << "seed " << seed << std::endl;
    FencedTenant(source, target, Dialect::MariaDb, seed).run(number_of_runs(kUsualFences));
}

}  // namespace
}  // namespace aipress::functional
