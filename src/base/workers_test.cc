#include "base/workers.h"

#include <atomic>
#include <gmock/gmock.h>
#include <latch>
#include <set>

#include "base/result.h"

namespace aipress {
namespace {

using IntWorkers = Workers<int, Result<void>>;

TEST(WorkersTest, EveryItemIsDoneOnceByNoMoreThanSoMany) {
    std::mutex mutex;
    std::multiset<int> done;
    std::set<unsigned> busy;
    std::size_t most = 0;
    IntWorkers workers(4, [&](unsigned worker, int& item) -> Result<void> {
        {
            std::lock_guard const lock(mutex);
            EXPECT_TRUE(busy.insert(worker).second) << "two calls with the same number";
            most = std::max(most, busy.size());
        }
        std::this_thread::yield();
        std::lock_guard const lock(mutex);
        busy.erase(worker);
        done.insert(item);
        return {};
    });
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(workers.add(i));
    EXPECT_FALSE(workers.finish());
    EXPECT_EQ(done.size(), 1000);
    EXPECT_EQ(std::set<int>(done.begin(), done.end()).size(), 1000);
    EXPECT_LE(most, 4);
}

TEST(WorkersTest, AllOfThemWorkAtOnce) {
    std::latch all(3);
    IntWorkers workers(3, [&](unsigned, int&) -> Result<void> {
        all.arrive_and_wait();  // none goes on before all are here
        return {};
    });
    for (int i = 0; i < 3; ++i) workers.add(i);
    EXPECT_FALSE(workers.finish());
}

TEST(WorkersTest, TheFirstFailureEndsItAndWhatIsUnderWayIsAwaited) {
    std::stop_source stop;
    std::latch both(2);
    std::atomic<int> ended = 0;
    IntWorkers workers(
        2,
        [&](unsigned, int& item) -> Result<void> {
            if (item > 1) return {};
            both.arrive_and_wait();
            if (item == 0) return Error(ErrorCode::DataLoss, "the first");
            while (!stop.stop_requested()) std::this_thread::yield();
            ++ended;
            return Error(ErrorCode::Cancelled, "called off");
        },
        stop);
    workers.add(0);
    workers.add(1);
    while (workers.add(2)) std::this_thread::yield();
    auto const failure = workers.finish();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->error().message(), "the first");
    EXPECT_EQ(ended, 1);
}

TEST(WorkersTest, WhatIsAbandonedIsNotBegun) {
    std::latch begun(1);
    std::latch go(1);
    std::atomic<int> done = 0;
    IntWorkers workers(1, [&](unsigned, int&) -> Result<void> {
        if (done == 0) begun.count_down();
        go.wait();
        ++done;
        return {};
    });
    workers.add(0);
    begun.wait();
    workers.add(1);
    workers.abandon();
    EXPECT_FALSE(workers.add(2));
    go.count_down();
    EXPECT_FALSE(workers.finish());
    EXPECT_EQ(done, 1);
}

TEST(WorkersTest, NothingToDoNeedsNoThread) {
    IntWorkers workers(8, [](unsigned, int&) -> Result<void> { return {}; });
    EXPECT_FALSE(workers.finish());
}

}  // namespace
}  // namespace aipress
