// The byte oracle: random schema, random data and random writers, moved by the program while they
// write, and compared by an independent reader.
//
// Replay a failure with AIPRESS_TEST_SEED=n (its number is in the failure's trace); run longer with
// AIPRESS_TEST_RUNS=n. The writers' interleaving is the machine's, all else the seed's.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <optional>

#include "random_seed.h"
#include "random_workload.h"
#include "testing/aipress_process.h"
#include "testing/database_server.h"
#include "testing/dump_oracle.h"
#include "testing/status_matchers.h"

namespace aipress::functional {
namespace {

using testing::AipressProcess;
using testing::DatabaseServer;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::must;
using testing::OracleScope;
using testing::ServerKind;
using testing::TemporaryDirectory;

constexpr milliseconds kMoveTimeout{180'000};
// Where the writers rest until the mover has caught up, and where they go on.
constexpr std::uint64_t kBacklogMost = 4'000;
constexpr std::uint64_t kBacklogLeast = 1'000;
constexpr milliseconds kStatusInterval{50};
constexpr std::size_t kMostRows = 1500;
constexpr unsigned kWriters = 4;

enum class Ending { Finalize, Rollback };

// One tenant of two servers.
struct Tenant {
    std::string database;
    std::string user;

    [[nodiscard]] mysql::Endpoint on(DatabaseServer const& server) const {
        auto endpoint = server.root(database);
        endpoint.user = user;
        endpoint.password = "secret";
        return endpoint;
    }
};

// A move of one tenant, from its making to its end.
class OracleRun {
public:
    OracleRun(DatabaseServer const& source, DatabaseServer const& target, Dialect dialect,
              std::uint64_t seed)
        : source_(source),
          target_(target),
          dialect_(dialect),
          random_(seed),
          tenant_{.database = "shop" + std::to_string(seed), .user = "u" + std::to_string(seed)},
          ending_(seed % 2 == 0 ? Ending::Finalize : Ending::Rollback) {}

    void run() {
        move_and_compare();
        if (failed() && move_)
            std::cout << "the move said:\n"
                      << move_->error() << '\n'
                      << std::ifstream(journal()).rdbuf() << '\n';
    }

private:
    void move_and_compare() {
        make_tenant();
        if (failed()) return;
        Workload before(tenant_.on(source_), schema_, random_.fork(), {.writers = kWriters});
        EXPECT_TRUE(before.wait_for_transactions(context(), 20));
        start_move();
        wait_for_state("reversing", before);
        if (failed()) return;
        before.stop();
        std::cout << "  before the switch: " << describe(before) << '\n';
        EXPECT_THAT(before.unexpected_errors(), IsEmpty());
        expect_equal("after the switch");
        expect_counters(target_, source_);
        expect_ledger(before, target_);
        expect_open_on(target_, source_);
        if (failed()) return;
        if (ending_ == Ending::Finalize)
            finalize();
        else
            roll_back(before);
    }

    [[nodiscard]] static bool failed() { return ::testing::Test::HasFailure(); }
    [[nodiscard]] Context context() {
        return {clock_, Deadline::after(clock_, kMoveTimeout), std::stop_token()};
    }
    [[nodiscard]] std::string journal() const { return (folder_ / "journal").string(); }
    [[nodiscard]] OracleScope scope() const {
        return dialect_ == Dialect::MariaDb ? OracleScope::RowsAndSchema
                                            : OracleScope::RowsBySelect;
    }
    static std::string describe(Workload const& workload) {
        auto const statistics = workload.statistics();
        return std::to_string(statistics.acknowledged) + " transactions, " +
               std::to_string(statistics.statements) + " statements, " +
               std::to_string(statistics.conflicts) + " conflicts";
    }

    void make_tenant() {
        // Sessions that are opened from now on log so.
        for (auto const* server : {&source_, &target_}) {
            server->execute("SET GLOBAL binlog_row_image = " +
                            random_.pick<std::string>({"FULL", "FULL", "MINIMAL", "NOBLOB"}));
            server->execute("SET GLOBAL binlog_checksum = " +
                            random_.pick<std::string>({"CRC32", "NONE"}));
            server->execute("SET GLOBAL max_binlog_size = " +
                            random_.pick<std::string>({"65536", "1073741824"}));
            std::string const account = "'" + tenant_.user + "'@'127.0.0.1'";
            server->execute("CREATE USER " + account + " IDENTIFIED BY 'secret'");
            server->execute("GRANT ALL ON `" + tenant_.database + "`.* TO " + account);
        }
        source_.execute("CREATE DATABASE " + tenant_.database + " CHARACTER SET utf8mb4");
        schema_ = make_schema(random_, dialect_);
        ASSERT_THAT(create_and_fill(context(), source_.root(tenant_.database), schema_,
                                    random_.fork(), kMostRows),
                    IsOk());
    }

    void start_move() {
        move_ = must(AipressProcess::start(
            {"database", "move", "--source", source_.root_url(tenant_.database), "--target",
             target_.root_url(tenant_.database), "--journal", journal(), "--switch", "when-ready",
             "--format", "json"}));
    }

    void wait_for_state(std::string const& wanted, Workload& workload) {
        auto const limit = context();
        std::string seen;
        while (limit.sleep(kStatusInterval)) {
            if (!move_->running()) {
                FAIL() << "the move ended before " << wanted << ": "
                       << must(move_->wait(limit)).describe();
            }
            auto const status = testing::run_aipress(
                limit, {"database", "status", "--journal", journal(), "--format", "json"});
            if (!status.ok()) continue;
            auto const json = status->json();
            if (!json.ok()) continue;
            auto const* state = json.value().if_contains("state");
            if (state == nullptr || !state->is_string()) continue;
            seen = state->get_string();
            if (seen == wanted) return;
            auto const backlog = json.value().at("dirty_keys").to_number<std::uint64_t>();
            if (backlog > kBacklogMost) workload.rest(true);
            if (backlog < kBacklogLeast) workload.rest(false);
        }
        FAIL() << "the move is " << seen << ", not " << wanted << ": " << move_->error();
    }

    // The move's process ends by itself, well, in that state.
    void expect_end(std::string const& wanted) {
        auto const result = must(move_->wait(context()));
        EXPECT_TRUE(result.status.success()) << result.describe();
        auto const json = result.json();
        ASSERT_THAT(json, IsOk());
        EXPECT_EQ(json.value().at("state").as_string(), wanted) << result.describe();
        EXPECT_EQ(json.value().at("differences").to_number<int>(), 0) << result.describe();
        EXPECT_GT(json.value().at("verified_rows").to_number<int>(), 0) << result.describe();
        EXPECT_GE(json.value().at("fence_ms").to_number<int>(), 0) << result.describe();
        std::cout << "  " << wanted << ": fence " << json.value().at("fence_ms") << " ms, "
                  << json.value().at("rows_copied") << " rows copied, "
                  << json.value().at("rows_changed") << " carried over in "
                  << json.value().at("rounds") << " rounds\n";
    }

    void expect_equal(std::string const& when) {
        auto const verdict = testing::compare_databases(context(), source_.root(tenant_.database),
                                                        target_.root(tenant_.database), scope());
        ASSERT_THAT(verdict, IsOk());
        EXPECT_TRUE(verdict.value().equal()) << when << ": " << verdict.value().describe();
        EXPECT_GT(verdict.value().rows, 0U);
    }

    void expect_ledger(Workload const& workload, DatabaseServer const& owner) {
        auto reader = owner.connect_root(tenant_.database);
        EXPECT_THAT(must(workload.check_ledger(context(), reader)), IsEmpty());
    }

    // An id that was given once is not given again.
    void expect_counters(DatabaseServer const& owner, DatabaseServer const& other) {
        for (auto const& table : schema_.tables) {
            auto const counter = [&](DatabaseServer const& server) {
                auto connection = server.connect_root(tenant_.database);
                auto const rows = must(
                    connection.query(context(),
                                     "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE "
                                     "TABLE_SCHEMA = DATABASE() AND TABLE_NAME = " +
                                         mysql::quote_text(table.name)));
                return std::stoull(rows.scalar().value_or("0"));
            };
            EXPECT_GE(counter(owner), counter(other)) << table.name;
        }
    }

    // The tenant is served on one side only, with its triggers.
    void expect_open_on(DatabaseServer const& owner, DatabaseServer const& other) {
        auto const can_write = [&](DatabaseServer const& server) {
            auto connection = mysql::Connection::open(context(), tenant_.on(server));
            if (!connection.ok()) return false;
            return connection->execute(context(), "START TRANSACTION").ok() &&
                   connection->execute(context(), "INSERT INTO ledger VALUES (0, 0)").ok() &&
                   connection->execute(context(), "ROLLBACK").ok();
        };
        EXPECT_TRUE(can_write(owner));
        EXPECT_FALSE(can_write(other));
        std::string const triggers =
            "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '" +
            tenant_.database + "'";
        EXPECT_EQ(owner.scalar(triggers), "1");
        EXPECT_EQ(other.scalar(triggers), "0");
    }

    void finalize() {
        auto const finalized = must(
            testing::run_aipress(context(), {"database", "finalize", "--journal", journal(),
                                             "--confirm", tenant_.database, "--format", "json"}));
        EXPECT_TRUE(finalized.status.success()) << finalized.describe();
        expect_end("finalized");
        expect_equal("finalized");
    }

    void roll_back(Workload const& before) {
        Workload after(tenant_.on(target_), schema_, random_.fork(),
                       {.writers = kWriters, .first_writer = 100});
        EXPECT_TRUE(after.wait_for_transactions(context(), 50));
        auto const rolled_back = must(testing::run_aipress(
            context(), {"database", "rollback", "--journal", journal(), "--format", "json"}));
        EXPECT_TRUE(rolled_back.status.success()) << rolled_back.describe();
        expect_end("rolled_back");
        after.stop();
        std::cout << "  after the switch: " << describe(after) << '\n';
        EXPECT_THAT(after.unexpected_errors(), IsEmpty());
        expect_equal("rolled back");
        expect_counters(source_, target_);
        expect_ledger(before, source_);
        expect_ledger(after, source_);
        expect_open_on(source_, target_);
    }

    DatabaseServer const& source_;
    DatabaseServer const& target_;
    Dialect dialect_;
    SystemClock clock_;
    TemporaryDirectory folder_ = must(TemporaryDirectory::make());
    Random random_;
    Tenant tenant_;
    Ending ending_;
    Schema schema_;
    std::optional<AipressProcess> move_;
};

void run_all(DatabaseServer const& source, DatabaseServer const& target, Dialect dialect,
             std::uint64_t usual_runs) {
    std::uint64_t const first = first_seed();
    std::uint64_t const runs = number_of_runs(usual_runs);
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        SCOPED_TRACE("AIPRESS_TEST_RUNS=1 AIPRESS_TEST_SEED=" + std::to_string(seed));
        std::cout << "seed " << seed << std::endl;
        OracleRun(source, target, dialect, seed).run();
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(ByteOracleTest, MariaDbToMariaDbAndBack) {
    auto const source = must(DatabaseServer::start({.server_id = 1}));
    auto const target = must(DatabaseServer::start({.server_id = 2}));
    run_all(source, target, Dialect::MariaDb, 4);
}

TEST(ByteOracleTest, MySql56ToMariaDbAndBack) {
    auto const source = DatabaseServer::start({.kind = ServerKind::MySql56, .server_id = 1});
    if (!source.ok() && source.error().code() == ErrorCode::NotFound)
        GTEST_SKIP() << source.error().message();
    ASSERT_THAT(source, IsOk());
    auto const target = must(DatabaseServer::start({.server_id = 2}));
    run_all(source.value(), target, Dialect::MySql56, 2);
}

}  // namespace
}  // namespace aipress::functional
