// SIGKILL of either server during a move, at a moment that the seed picks, while the tenant writes;
// it is started again at once. The move carries on by itself, or the same command carries it on,
// and nothing that a server acknowledged is lost.
//
// Replay a failure with AIPRESS_TEST_SEED=n (its number is in the failure's trace); run longer with
// AIPRESS_TEST_RUNS=n. The moment is a probe point: which ones there are, an undisturbed run tells.
#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <optional>

#include "move_stage.h"
#include "mysql/binlog/stream.h"
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
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::must;
using testing::OracleScope;
using testing::TemporaryDirectory;

constexpr milliseconds kStepTimeout{90'000};
constexpr milliseconds kStatusInterval{20};
constexpr milliseconds kTraceInterval{1};
constexpr std::size_t kMostRows = 200;
constexpr unsigned kWriters = 2;
constexpr int kMostRestarts = 3;

enum class Ending { Finalize, Rollback };

struct Servers {
    DatabaseServer source;
    DatabaseServer target;
};

// Which server dies, and behind which point.
struct Crash {
    DatabaseServer* victim;
    std::string victim_name;
    std::string point;
    milliseconds delay;
};

SystemClock& clock() {
    static SystemClock instance;
    return instance;
}

Context context() {
    return {clock(), Deadline::after(clock(), kStepTimeout), {}};
}

std::vector<std::string> read_lines(std::filesystem::path const& file) {
    std::ifstream stream(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// Waits for its moment beside the test, and starts the server again.
class Crasher {
public:
    Crasher(Crash crash, std::filesystem::path trace)
        : crash_(std::move(crash)), trace_(std::move(trace)) {
        thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
    }

    // Whether the moment came. Both servers answer when it returns.
    bool finish() {
        thread_.request_stop();
        thread_.join();
        EXPECT_THAT(restarted_, IsOk());
        return happened_;
    }

private:
    void run(std::stop_token const& stop) {
        Context const patient(clock(), Deadline::never(), stop);
        while (!passed()) {
            if (!patient.sleep(kTraceInterval) && !passed()) return;
        }
        patient.sleep(crash_.delay);
        crash_.victim->kill();
        happened_ = true;
        restarted_ = crash_.victim->restart();
    }

    bool passed() const {
        auto const lines = read_lines(trace_);
        return std::find(lines.begin(), lines.end(), crash_.point) != lines.end();
    }

    Crash crash_;
    std::filesystem::path trace_;
    bool happened_ = false;
    Result<void> restarted_;
    std::jthread thread_;
};

// A move of one tenant, from its making to its end.
class CrashRun {
public:
    CrashRun(Servers& servers, Schema const& schema, Ending ending, std::uint64_t seed)
        : servers_(servers),
          schema_(schema),
          ending_(ending),
          random_(seed),
          database_("crash" + std::to_string(++runs_)),
          user_("c" + std::to_string(runs_)) {}

    // The points passed, in order. Without a crash nothing else is different.
    std::vector<std::string> run(std::optional<Crash> const& crash) {
        make_tenant();
        if (failed()) return {};
        Workload before(tenant_on(servers_.source), schema_, random_.fork(), {.writers = kWriters});
        EXPECT_TRUE(before.wait_for_transactions(context(), 10));
        start_move();
        std::optional<Crasher> crasher;
        if (crash) crasher.emplace(*crash, trace());
        carry_to_reversing();
        // A finalize carries no table without a key back: the sides can be compared if nobody
        // wrote.
        unsigned const writers = ending_ == Ending::Rollback ? kWriters : 0;
        Workload after(tenant_on(servers_.target), schema_, random_.fork(),
                       {.writers = writers, .first_writer = 100});
        EXPECT_TRUE(failed() || writers == 0 || after.wait_for_transactions(context(), 20));
        before.stop();
        if (!failed()) end();
        if (crasher) {
            EXPECT_TRUE(crasher->finish()) << "the moment never came";
        }
        after.stop();
        if (!failed()) check(before, after);
        return read_lines(trace());
    }

private:
    [[nodiscard]] static bool failed() { return ::testing::Test::HasFailure(); }
    [[nodiscard]] std::string journal() const { return (folder_ / "journal").string(); }
    [[nodiscard]] std::filesystem::path trace() const { return folder_ / "points"; }

    [[nodiscard]] mysql::Endpoint tenant_on(DatabaseServer const& server) const {
        auto endpoint = server.root(database_);
        endpoint.user = user_;
        endpoint.password = "secret";
        return endpoint;
    }

    void make_tenant() {
        for (auto const* server : {&servers_.source, &servers_.target}) {
            std::string const account = "'" + user_ + "'@'127.0.0.1'";
            server->execute("CREATE USER " + account + " IDENTIFIED BY 'secret'");
            server->execute("GRANT ALL ON `" + database_ + "`.* TO " + account);
        }
        servers_.source.execute("CREATE DATABASE " + database_ + " CHARACTER SET utf8mb4");
        ASSERT_THAT(create_and_fill(context(), servers_.source.root(database_), schema_,
                                    random_.fork(), kMostRows),
                    IsOk());
    }

    void start_move() {
        move_ = must(AipressProcess::start(
            {"database", "move", "--source", servers_.source.root_url(database_), "--target",
             servers_.target.root_url(database_), "--journal", journal(), "--switch", "now",
             "--workers", "2", "--quiet"},
            {{"AIPRESS_TRACE_POINTS", trace().string()}}));
    }

    // From the journal alone: no server has to answer.
    [[nodiscard]] std::string state() const {
        auto const status = must(testing::run_aipress(
            context(), {"database", "status", "--journal", journal(), "--format", "json"}));
        auto const json = status.json();
        if (!json.ok()) return {};
        return std::string(json.value().at("state").as_string());
    }

    void carry_to_reversing() {
        auto const limit = context();
        while (limit.sleep(kStatusInterval)) {
            if (state() == "reversing") return;
            if (move_->running()) continue;
            auto const ended = must(move_->wait(limit)).describe();
            if (++restarts_ > kMostRestarts) FAIL() << "ended once more: " << ended;
            std::cout << "  started again, for it ended: " << ended << std::endl;
            start_move();
        }
        FAIL() << "never came to rest, the move is " << state() << ": " << move_->error();
    }

    void end() {
        std::string const wanted = ending_ == Ending::Finalize ? "finalized" : "rolled_back";
        testing::Arguments verb{"database",  ending_ == Ending::Finalize ? "finalize" : "rollback",
                                "--journal", journal(),
                                "--source",  servers_.source.root_url(database_),
                                "--target",  servers_.target.root_url(database_),
                                "--quiet"};
        if (ending_ == Ending::Finalize) verb.insert(verb.end(), {"--confirm", database_});
        std::string answer;
        for (int attempt = 0; attempt <= kMostRestarts; ++attempt) {
            answer = must(testing::run_aipress(context(), verb)).describe();
            if (state() == wanted) break;
            std::cout << "  asked again, for the answer was: " << answer << std::endl;
        }
        EXPECT_EQ(state(), wanted) << answer << move_->error();
        EXPECT_THAT(move_->wait(context()), IsOk());
    }

    void check(Workload const& before, Workload const& after) {
        bool const on_target = ending_ == Ending::Finalize;
        auto const& owner = on_target ? servers_.target : servers_.source;
        auto const& other = on_target ? servers_.source : servers_.target;
        auto const verdict =
            testing::compare_databases(context(), servers_.source.root(database_),
                                       servers_.target.root(database_), OracleScope::RowsAndSchema);
        ASSERT_THAT(verdict, IsOk());
        EXPECT_TRUE(verdict.value().equal()) << verdict.value().describe();
        EXPECT_GT(verdict.value().rows, 0U);
        auto reader = owner.connect_root(database_);
        EXPECT_THAT(must(before.check_ledger(context(), reader)), IsEmpty());
        EXPECT_THAT(must(after.check_ledger(context(), reader)), IsEmpty());
        EXPECT_THAT(before.unexpected_errors(), IsEmpty());
        EXPECT_THAT(after.unexpected_errors(), IsEmpty());
        EXPECT_TRUE(can_write(owner));
        EXPECT_FALSE(can_write(other));
        for (auto const* server : {&owner, &other}) {
            EXPECT_EQ(server->scalar("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE "
                                     "SCHEMA_NAME='aipress_mover'"),
                      "0");
            EXPECT_EQ(server->scalar("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE "
                                     "TRIGGER_SCHEMA='" +
                                     database_ + "'"),
                      server == &owner ? "1" : "0");
        }
        std::cout << "  " << before.statistics().acknowledged << " + "
                  << after.statistics().acknowledged << " transactions, " << verdict.value().rows
                  << " rows equal, " << restarts_ << " restarts of the move" << std::endl;
    }

    [[nodiscard]] bool can_write(DatabaseServer const& server) const {
        auto connection = mysql::Connection::open(context(), tenant_on(server));
        return connection.ok() && connection->execute(context(), "START TRANSACTION").ok() &&
               connection->execute(context(), "INSERT INTO ledger VALUES (0, 0)").ok() &&
               connection->execute(context(), "ROLLBACK").ok();
    }

    inline static int runs_ = 0;
    Servers& servers_;
    Schema const& schema_;
    Ending ending_;
    Random random_;
    std::string database_;
    std::string user_;
    TemporaryDirectory folder_ = must(TemporaryDirectory::make());
    std::optional<AipressProcess> move_;
    int restarts_ = 0;
};

// What a crash of the server itself loses is not the mover's: only InnoDB promises to keep it.
Schema crash_safe_schema(std::uint64_t seed) {
    Random random(seed);
    auto schema = make_schema(random, Dialect::MariaDb);
    for (auto& table : schema.tables) table.engine = "InnoDB";
    return schema;
}

// The header of a WRITE_ROWS event (v1: MariaDB's) that says 200 bytes, and nothing behind it: what
// a server leaves that is killed in the middle of writing one.
std::string torn_event() {
    std::string header("\x01\x02\x03\x04\x17\x01\x00\x00\x00\xc8\x00\x00\x00", 13);
    header.append(6, '\0');  // the next position and the flags
    return header;
}

TEST(ServerCrashTest, ALogTornByTheCrashIsReadOnBehindTheTear) {
    auto stage = must(MoveStage::make());
    must(stage.make_tenant());
    auto move = must(AipressProcess::start(stage.move_command({"--switch", "manual"})));
    ASSERT_THAT(stage.wait_for_state(move, "standby"), IsOk());
    auto& source = stage.source();
    source.execute("UPDATE wp.wp_options SET option_value = 'before' WHERE option_id % 3 = 0");
    auto connection = source.connect_root();
    auto const torn = must(mysql::binlog::current_position(stage.context(), connection));
    source.kill();
    std::ofstream(source.data_directory() / torn.file, std::ios::app | std::ios::binary)
        << torn_event();
    must(source.restart());
    source.execute("UPDATE wp.wp_options SET option_value = 'behind' WHERE option_id % 5 = 0");
    ASSERT_THAT(stage.wait_for_state(move, "standby"), IsOk());
    auto const switched = must(stage.ask("switch"));
    EXPECT_EQ(switched.status.code, 0) << switched.describe() << move.error();
    EXPECT_EQ(stage.target().scalar("SELECT COUNT(*) FROM wp.wp_options WHERE option_value = "
                                    "'behind'"),
              "100");
    auto const finalized = must(stage.ask("finalize", {"--confirm", "wp"}));
    EXPECT_EQ(finalized.status.code, 0) << finalized.describe();
    auto const result = must(move.wait(stage.context()));
    EXPECT_THAT(result.error, HasSubstr("a crash tore the end of " + torn.file));
    auto const verdict = must(testing::compare_databases(
        stage.context(), source.root("wp"), stage.target().root("wp"), OracleScope::RowsAndSchema));
    EXPECT_TRUE(verdict.equal()) << verdict.describe();
}

TEST(ServerCrashTest, EitherServerAtAnyMoment) {
    Servers servers{must(DatabaseServer::start({.server_id = 1})),
                    must(DatabaseServer::start({.server_id = 2}))};
    std::uint64_t const first = first_seed();
    std::uint64_t const runs = number_of_runs(4);
    for (std::uint64_t seed = first; seed < first + runs; ++seed) {
        SCOPED_TRACE("AIPRESS_TEST_RUNS=1 AIPRESS_TEST_SEED=" + std::to_string(seed));
        auto const ending = seed % 2 == 0 ? Ending::Finalize : Ending::Rollback;
        auto const schema = crash_safe_schema(seed);
        auto points = CrashRun(servers, schema, ending, seed).run(std::nullopt);
        ASSERT_FALSE(HasFailure()) << "without a crash";
        // Each name once, or the many ranges and rounds would take all the crashes.
        std::sort(points.begin(), points.end());
        points.erase(std::unique(points.begin(), points.end()), points.end());
        ASSERT_FALSE(points.empty());
        Random random(seed);
        bool const kill_source = random.chance(50);
        Crash const crash{.victim = kill_source ? &servers.source : &servers.target,
                          .victim_name = kill_source ? "source" : "target",
                          .point = random.pick(points),
                          .delay = milliseconds(random.between(0, 30))};
        std::cout << "seed " << seed << ": " << crash.victim_name << " dies behind " << crash.point
                  << " + " << crash.delay.count() << " ms" << std::endl;
        SCOPED_TRACE(crash.victim_name + " killed behind " + crash.point);
        CrashRun(servers, schema, ending, seed).run(crash);
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace aipress::functional
