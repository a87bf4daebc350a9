// The generator itself: what it makes runs on real servers without an error that no race explains,
// and a plain dump and load of it satisfies the oracle.
#include "random_workload.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/subprocess.h"
#include "random_seed.h"
#include "testing/database_server.h"
#include "testing/dump_oracle.h"
#include "testing/status_matchers.h"

namespace aipress::functional {
namespace {

using testing::DatabaseServer;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::must;
using testing::ServerKind;

class RandomWorkloadTest : public ::testing::Test {
protected:
    [[nodiscard]] Context context(milliseconds duration = milliseconds{120'000}) {
        return {clock_, Deadline::after(clock_, duration), std::stop_token()};
    }

    static mysql::Endpoint tenant_of(DatabaseServer const& server) {
        server.execute("CREATE USER tenant@'127.0.0.1' IDENTIFIED BY 'secret'");
        server.execute("GRANT ALL ON shop.* TO tenant@'127.0.0.1'");
        auto endpoint = server.root("shop");
        endpoint.user = "tenant";
        endpoint.password = "secret";
        return endpoint;
    }

    void runs_cleanly(DatabaseServer const& server, Dialect dialect) {
        std::uint64_t const seed = first_seed();
        for (std::uint64_t run = 0; run < 3; ++run) {
            SCOPED_TRACE("AIPRESS_TEST_SEED=" + std::to_string(seed + run));
            Random random(seed + run);
            server.execute("DROP DATABASE IF EXISTS shop");
            server.execute("CREATE DATABASE shop CHARACTER SET utf8mb4");
            auto const tenant = run == 0 ? tenant_ = tenant_of(server) : tenant_;
            Schema const schema = make_schema(random, dialect);
            ASSERT_THAT(create_and_fill(context(), server.root("shop"), schema, random.fork(), 300),
                        IsOk());
            Workload workload(tenant, schema, random.fork(), {.writers = 4});
            EXPECT_TRUE(workload.wait_for_transactions(context(), 150));
            workload.stop();
            EXPECT_THAT(workload.unexpected_errors(), IsEmpty());
            auto reader = server.connect_root("shop");
            EXPECT_THAT(must(workload.check_ledger(context(), reader)), IsEmpty());
            auto const statistics = workload.statistics();
            EXPECT_EQ(statistics.shut_out, 0U);
            EXPECT_GT(statistics.rolled_back, 0U);
            std::cout << "seed " << seed + run << ": " << statistics.acknowledged
                      << " transactions, " << statistics.statements << " statements, "
                      << statistics.conflicts << " conflicts\n";
        }
    }

    SystemClock clock_;
    mysql::Endpoint tenant_;
};

TEST_F(RandomWorkloadTest, RunsCleanlyOnMariaDbAndADumpOfItAgrees) {
    auto const source =
        must(DatabaseServer::start({.settings = {"log_bin_trust_function_creators=1"}}));
    auto const target = must(DatabaseServer::start({.server_id = 2}));
    runs_cleanly(source, Dialect::MariaDb);
    if (HasFatalFailure()) return;

    auto const address = [](DatabaseServer const& server) {
        return " --no-defaults --protocol=tcp --host=127.0.0.1 --user=root --password=" +
               server.root().password + " --port=" + std::to_string(server.port()) +
               " --default-character-set=binary --max-allowed-packet=1G ";
    };
    target.execute("CREATE DATABASE shop CHARACTER SET utf8mb4");
    // --compact leaves out unique_checks=0, with which MariaDB 10.11 loads in bulk and then fails
    // some of these tables at COMMIT with error 1180.
    auto const copied = must(run_process(
        context(),
        {.arguments = {"bash", "-c",
                       "set -o pipefail; mariadb-dump" + address(source) +
                           "--compact --hex-blob --tz-utc shop | mariadb" + address(target) +
                           "--init-command=\"SET foreign_key_checks=0, time_zone='+00:00', "
                           "sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'\" shop"}}));
    ASSERT_TRUE(copied.status.success()) << copied.standard_error;
    auto const verdict = must(testing::compare_databases(
        context(), source.root("shop"), target.root("shop"), testing::OracleScope::Rows));
    // A dump's text loses bits of FLOAT, and the invalid ENUM value; nothing else may differ.
    for (auto const* side : {&verdict.only_first, &verdict.only_second})
        for (auto const& line : *side) EXPECT_TRUE(line.starts_with("SELECT ")) << line;
    EXPECT_GT(verdict.rows, 500U);
}

TEST_F(RandomWorkloadTest, RunsCleanlyOnMySql56) {
    auto const server = DatabaseServer::start({.kind = ServerKind::MySql56});
    if (!server.ok() && server.error().code() == ErrorCode::NotFound)
        GTEST_SKIP() << server.error().message();
    runs_cleanly(server.value(), Dialect::MySql56);
}

TEST_F(RandomWorkloadTest, TheLedgerShowsALostTransaction) {
    auto const server = must(DatabaseServer::start({}));
    server.execute("CREATE DATABASE shop CHARACTER SET utf8mb4");
    Random random(first_seed());
    Schema const schema = make_schema(random, Dialect::MariaDb);
    ASSERT_THAT(create_and_fill(context(), server.root("shop"), schema, random.fork(), 50), IsOk());
    Workload workload(tenant_of(server), schema, random.fork(), {.writers = 2});
    EXPECT_TRUE(workload.wait_for_transactions(context(), 20));
    workload.stop();
    server.execute("DELETE FROM shop.ledger ORDER BY sequence LIMIT 1");
    server.execute("INSERT INTO shop.ledger VALUES (1, 999999)");
    auto reader = server.connect_root("shop");
    auto const faults = must(workload.check_ledger(context(), reader));
    EXPECT_THAT(faults, ::testing::SizeIs(2));
    EXPECT_THAT(faults, ::testing::Contains(::testing::HasSubstr("lost")));
}

TEST_F(RandomWorkloadTest, OneSeedMakesOneSchema) {
    for (auto const dialect : {Dialect::MariaDb, Dialect::MySql56}) {
        Random first(7);
        Random second(7);
        Random third(8);
        auto const text = [&](Random& random) {
            std::string all;
            for (auto const& table : make_schema(random, dialect).tables) all += table.create_sql();
            return all;
        };
        std::string const made = text(first);
        EXPECT_EQ(made, text(second));
        EXPECT_NE(made, text(third));
    }
}

// A killed session and a locked account are waited out, and what was acknowledged stays.
TEST_F(RandomWorkloadTest, WritersOutliveAFence) {
    auto const server = must(DatabaseServer::start({}));
    server.execute("CREATE DATABASE shop CHARACTER SET utf8mb4");
    Random random(first_seed());
    Schema const schema = make_schema(random, Dialect::MariaDb);
    ASSERT_THAT(create_and_fill(context(), server.root("shop"), schema, random.fork(), 50), IsOk());
    Workload workload(tenant_of(server), schema, random.fork(), {.writers = 3});
    EXPECT_TRUE(workload.wait_for_transactions(context(), 20));
    server.execute("ALTER USER tenant@'127.0.0.1' ACCOUNT LOCK");
    server.execute("KILL USER tenant@'127.0.0.1'");
    std::uint64_t const before = workload.statistics().shut_out;
    while (workload.statistics().shut_out < before + 10 && context().sleep(milliseconds{5})) {
    }
    server.execute("ALTER USER tenant@'127.0.0.1' ACCOUNT UNLOCK");
    EXPECT_TRUE(workload.wait_for_transactions(context(), 20));
    workload.stop();
    EXPECT_THAT(workload.unexpected_errors(), IsEmpty());
    auto reader = server.connect_root("shop");
    EXPECT_THAT(must(workload.check_ledger(context(), reader)), IsEmpty());
}

}  // namespace
}  // namespace aipress::functional
