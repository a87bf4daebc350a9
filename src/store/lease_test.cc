// On every engine: whoever was away for too long writes nothing.
#include "store/lease.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <thread>

#include "store/store.h"
#include "testing/fake_clock.h"
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
constexpr char const* kName = "migration/m1";

struct LeaseTest : ::testing::TestWithParam<sql::Engine> {
    void SetUp() override {
        std::string why;
        auto* const engine = testing::SqlEngine::shared(GetParam(), why);
        if (engine == nullptr) GTEST_SKIP() << why;
        store = must(Store::open(test_context(), must(engine->make_database()), engine->options()));
    }
    [[nodiscard]] Context context() { return {clock, Deadline::never(), {}}; }
    template <typename Work>
    auto transact(Work const& work) {
        return store->database().transact(context(), work);
    }
    Result<Lease> claim(std::string const& holder) {
        return transact([&](sql::Transaction& transaction) {
            return claim_lease(transaction, kName, holder, kLifetime);
        });
    }
    Result<Lease> renew(Lease const& lease) {
        return transact([&](sql::Transaction& transaction) {
            return renew_lease(transaction, lease, kLifetime);
        });
    }
    // An entry of the journal, under the lease.
    Result<void> write(Lease const& lease, std::int64_t sequence) {
        return transact([&](sql::Transaction& transaction) -> Result<void> {
            TRY(fence(transaction, lease));
            Step const step{.migration = "m1", .sequence = sequence, .at = now(transaction)};
            return Table<Step>(transaction).insert(step);
        });
    }
    std::size_t steps() {
        return must(transact([](sql::Transaction& transaction) {
                   return transaction.query("SELECT sequence FROM steps WHERE migration = $1",
                                            {"m1"});
               }))
            .size();
    }

    testing::FakeClock clock;
    std::unique_ptr<Store> store;
};

TEST_P(LeaseTest, AWorkerThatWasPausedPastItsLeaseIsRefusedOnEveryWrite) {
    auto const paused = must(claim("first:1"));
    EXPECT_THAT(write(paused, 1), IsOk());
    EXPECT_THAT(claim("second:2"), HasCode(ErrorCode::Unavailable));
    clock.advance(kLifetime);
    // Over, though nobody else has claimed it yet.
    EXPECT_THAT(write(paused, 2), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(renew(paused), HasCode(ErrorCode::FailedPrecondition));
    auto const other = must(claim("second:2"));
    EXPECT_GT(other.token, paused.token);
    EXPECT_THAT(write(paused, 2), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(renew(paused), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_THAT(
        transact([&](sql::Transaction& transaction) { return release_lease(transaction, paused); }),
        IsOk());  // of what it has lost: nothing
    EXPECT_THAT(write(other, 2), IsOk());
    EXPECT_EQ(steps(), 2u);
}

TEST_P(LeaseTest, RenewedInTimeItIsKept) {
    auto lease = must(claim("first:1"));
    for (int i = 0; i < 3; ++i) {
        clock.advance(kLifetime - milliseconds(1));
        lease = must(renew(lease));
    }
    EXPECT_EQ(lease.token, 1);
    EXPECT_THAT(write(lease, 1), IsOk());
}

TEST_P(LeaseTest, ReleasedItIsAnothersAtOnce) {
    auto const first = must(claim("first:1"));
    ASSERT_THAT(
        transact([&](sql::Transaction& transaction) { return release_lease(transaction, first); }),
        IsOk());
    EXPECT_THAT(write(first, 1), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_EQ(must(claim("second:2")).token, 2);
    // The same holder, started again: its earlier life is refused.
    EXPECT_EQ(must(claim("second:2")).token, 3);
}

TEST_P(LeaseTest, OfManyWhoClaimItAtOnceOneGetsIt) {
    std::atomic<int> won = 0;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            auto const claimed = claim("worker:" + std::to_string(i));
            if (claimed.ok()) ++won;
            if (!claimed.ok() && claimed.error().code() == ErrorCode::Unavailable) ++refused;
        });
    }
    threads.clear();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(refused, 3);
}

// Between the check of the token and the commit another may claim: whoever does has that write
// before its eyes, or it is not made.
TEST_P(LeaseTest, AWriteUnderWayAndAClaimComeOneAfterTheOther) {
    auto const paused = must(claim("first:1"));
    std::promise<void> fenced;
    std::jthread claimer;
    std::atomic<std::size_t> seen = 0;
    bool is_started = false;
    auto const written = transact([&](sql::Transaction& transaction) -> Result<void> {
        TRY(fence(transaction, paused));
        if (!is_started) {
            is_started = true;
            clock.advance(kLifetime);
            claimer = std::jthread([&] {
                fenced.get_future().wait();
                auto const found = transact([&](sql::Transaction& other) -> Result<std::size_t> {
                    TRY(claim_lease(other, kName, "second:2", kLifetime));
                    return TRY(other.query("SELECT sequence FROM steps WHERE migration = $1",
                                           {"m1"}))
                        .size();
                });
                ASSERT_THAT(found, IsOk());
                seen = found.value();
            });
            fenced.set_value();
        }
        Step const step{.migration = "m1", .sequence = 1, .at = now(transaction)};
        return Table<Step>(transaction).insert(step);
    });
    if (claimer.joinable()) claimer.join();
    EXPECT_EQ(written.ok() ? 1u : 0u, seen.load());
    EXPECT_EQ(steps(), seen.load());
}

INSTANTIATE_TEST_SUITE_P(Engines, LeaseTest,
                         ::testing::Values(sql::Engine::Sqlite, sql::Engine::Postgres,
                                           sql::Engine::Spanner),
                         [](auto const& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace aipress::store
