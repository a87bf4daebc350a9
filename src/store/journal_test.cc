// On every engine: one journal, whoever writes it.
#include "store/journal.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

#include "store/store.h"
#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::store {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::test_context;

constexpr milliseconds kLifetime{60'000};

struct JournalTest : ::testing::TestWithParam<sql::Engine> {
    void SetUp() override {
        std::string why;
        auto* const engine = testing::SqlEngine::shared(GetParam(), why);
        if (engine == nullptr) GTEST_SKIP() << why;
        store = must(Store::open(test_context(), must(engine->make_database()), engine->options()));
    }
    template <typename Work>
    auto transact(Work const& work) {
        return store->database().transact(test_context(), work, sql::AfterLostCommit::RunAgain);
    }
    Lease claim(std::string const& migration, std::string const& holder = "host:1") {
        return must(transact([&](sql::Transaction& t) {
            return claim_lease(t, migration_lease(migration), holder, kLifetime);
        }));
    }
    Result<Migration> begin(Lease const& lease, std::string const& id) {
        return transact([&](sql::Transaction& t) {
            return begin_migration(t, lease,
                                   {.id = id, .tenant = "tenant-001", .state = "running"});
        });
    }
    Result<Migration> append(Lease const& lease, Step const& step) {
        return transact([&](sql::Transaction& t) { return append_step(t, lease, step); });
    }

    std::unique_ptr<Store> store;
};

TEST_P(JournalTest, EntriesFollowEachOtherAndCarryTheState) {
    auto const lease = claim("m1");
    EXPECT_THAT(begin(lease, "m1"), IsOk());
    EXPECT_THAT(begin(lease, "m1"), IsOk());  // the answer was lost
    Step step{.migration = "m1", .sequence = 1, .action = "backup", .event = "begun"};
    EXPECT_EQ(must(append(lease, step)).entries, 1);
    EXPECT_EQ(must(append(lease, step)).entries, 1);  // likewise
    step.event = "done";
    EXPECT_THAT(append(lease, step), HasCode(ErrorCode::Aborted));
    step.sequence = 3;
    EXPECT_THAT(append(lease, step), HasCode(ErrorCode::Aborted));
    step.sequence = 2;
    EXPECT_EQ(must(append(lease, step)).state, "running");
    auto const moved = must(append(
        lease, {.migration = "m1", .sequence = 3, .state = "completed", .reason = "all done"}));
    EXPECT_EQ(moved.state, "completed");
    EXPECT_EQ(moved.reason, "all done");
    auto const steps = must(transact([](sql::Transaction& t) { return steps_of(t, "m1", 1, 10); }));
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_EQ(steps[0].event, "done");
    EXPECT_EQ(steps[1].state, "completed");
    // It is over: the tenant may begin another.
    EXPECT_THAT(begin(claim("m2"), "m2"), IsOk());
}

TEST_P(JournalTest, OfWorkersThatBeginAtOnceOneDoes) {
    std::atomic<int> begun = 0;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            auto const id = "m" + std::to_string(i);
            auto const result = begin(claim(id), id);
            if (result.ok()) ++begun;
            if (!result.ok() && result.error().code() == ErrorCode::AlreadyExists) ++refused;
        });
    }
    threads.clear();
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(refused, 2);
    auto const all = transact([](sql::Transaction& t) { return migrations_under_way(t, "", 10); });
    EXPECT_EQ(must(all).size(), 1u);
}

TEST_P(JournalTest, AnEarlierTokenWritesNothing) {
    auto const earlier = claim("m1");
    ASSERT_THAT(begin(earlier, "m1"), IsOk());
    auto const later = claim("m1");  // the same worker, started again
    Step const step{.migration = "m1", .sequence = 1, .action = "backup"};
    EXPECT_THAT(append(earlier, step), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(append(later, step), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Engines, JournalTest,
                         ::testing::Values(sql::Engine::Sqlite, sql::Engine::Postgres,
                                           sql::Engine::Spanner),
                         [](auto const& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace aipress::store
