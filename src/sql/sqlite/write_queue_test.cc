#include "sql/sqlite/write_queue.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sql::sqlite {
namespace {

using testing::HasCode;
using testing::must;
using testing::test_context;

// Writers that wait in a known order: each is started when the one before waits.
struct WriteQueueTest : ::testing::Test {
    void wait_for_waiting(std::size_t count) {
        auto const context = test_context();
        while (queue.waiting() != count && context.sleep(milliseconds(1))) {
        }
        ASSERT_EQ(queue.waiting(), count);
    }

    WriteQueue queue;
};

TEST_F(WriteQueueTest, TurnsAreGivenInTheOrderTheyWereAskedFor) {
    must(queue.take_turn(test_context()));
    std::string order;  // written by whoever has the turn
    std::vector<std::jthread> threads;
    for (char name = 'a'; name < 'h'; ++name) {
        threads.emplace_back([this, name, &order] {
            must(queue.take_turn(test_context()));
            order += name;
            queue.end(nullptr, std::nullopt);
        });
        wait_for_waiting(threads.size());
    }
    queue.end(nullptr, std::nullopt);
    threads.clear();
    EXPECT_EQ(order, "abcdefg");
}

TEST_F(WriteQueueTest, TheLastOfAGroupEndsItForAll) {
    must(queue.take_turn(test_context()));
    auto const group = std::make_shared<CommitGroup>();
    group->size = 1;
    EXPECT_FALSE(queue.hand_on(group));  // nobody waits: it keeps the turn
    std::jthread last([this] {
        auto const handed = must(queue.take_turn(test_context()));
        ASSERT_NE(handed, nullptr);
        ++handed->size;
        EXPECT_FALSE(handed->is_over);
        queue.end(handed.get(), Error(ErrorCode::Unavailable, "the disk"));
    });
    wait_for_waiting(1);
    EXPECT_TRUE(queue.hand_on(group));
    queue.wait_for(*group);
    EXPECT_EQ(group->size, 2u);
    ASSERT_TRUE(group->failure);
    EXPECT_EQ(group->failure->code(), ErrorCode::Unavailable);
}

TEST_F(WriteQueueTest, WhoeverGivesUpIsPassedOver) {
    must(queue.take_turn(test_context()));
    EXPECT_THAT(queue.take_turn(test_context().within(milliseconds(5))),
                HasCode(ErrorCode::DeadlineExceeded));
    std::stop_source stop;
    std::jthread called_off([&] {
        EXPECT_THAT(queue.take_turn(test_context().stopped_by(stop.get_token())),
                    HasCode(ErrorCode::Cancelled));
    });
    wait_for_waiting(1);
    stop.request_stop();
    called_off.join();
    EXPECT_EQ(queue.waiting(), 0u);
    queue.end(nullptr, std::nullopt);
    must(queue.take_turn(test_context()));
    queue.end(nullptr, std::nullopt);
}

}  // namespace
}  // namespace aipress::sql::sqlite
