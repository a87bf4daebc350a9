// What holds on every engine.
#include "store/store.h"

#include <gtest/gtest.h>
#include <thread>

#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::store {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::test_context;

struct StoreTest : ::testing::TestWithParam<sql::Engine> {
    void SetUp() override {
        std::string why;
        auto* const engine = testing::SqlEngine::shared(GetParam(), why);
        if (engine == nullptr) GTEST_SKIP() << why;
        auto const url = must(engine->make_database());
        store = must(Store::open(test_context(), url, engine->options()));
        another = must(Store::open(test_context(), url, engine->options()));
    }
    static Result<boost::json::object> cordon(Store& in, std::string const& operation,
                                              std::string const& shard) {
        Change const change{.operation = operation,
                            .kind = "shards.cordon",
                            .target = shard,
                            .request = {{"shard", shard}}};
        return in.change(test_context(), change,
                         [&](sql::Transaction& transaction) -> Result<Changed> {
                             Table<Shard> shards(transaction);
                             auto found = TRY(shards.get(shard));
                             found.state = fleet::ShardState::Cordoned;
                             found = TRY(shards.update(found));
                             return Changed{.answer = {{"version", found.version}},
                                            .before = {{"state", "active"}},
                                            .after = {{"state", "cordoned"}}};
                         });
    }
    void add_shard(std::string const& id, std::int64_t number) {
        Shard const shard{.id = id, .number = number};
        ASSERT_THAT(store->database().transact(test_context(),
                                               [&](sql::Transaction& transaction) {
                                                   return Table<Shard>(transaction).insert(shard);
                                               }),
                    IsOk());
    }
    template <typename Record>
    std::vector<Record> all() {
        return must(store->database().read(test_context(), [](sql::Transaction& transaction) {
            return Table<Record>(transaction).list("", 100);
        }));
    }

    std::unique_ptr<Store> store;
    std::unique_ptr<Store> another;  // as another process has it
};

TEST_P(StoreTest, AChangeIsDoneOnceHoweverOftenItIsAskedFor) {
    add_shard("aipress-shard-001", 1);
    add_shard("aipress-shard-002", 2);
    EXPECT_EQ(must(cordon(*store, "op-1", "aipress-shard-001")).at("version"), 2);
    EXPECT_EQ(must(cordon(*another, "op-1", "aipress-shard-001")).at("version"), 2);
    EXPECT_EQ(must(cordon(*store, "op-2", "aipress-shard-001")).at("version"), 3);
    EXPECT_THAT(cordon(*store, "op-1", "aipress-shard-002"), HasCode(ErrorCode::AlreadyExists));
    EXPECT_THAT(cordon(*store, "", "aipress-shard-001"), HasCode(ErrorCode::InvalidArgument));
    // What fails is not recorded: it may succeed later.
    EXPECT_THAT(cordon(*store, "op-3", "aipress-shard-009"), HasCode(ErrorCode::NotFound));
    add_shard("aipress-shard-009", 9);
    EXPECT_THAT(cordon(*store, "op-3", "aipress-shard-009"), IsOk());
    EXPECT_EQ(all<Operation>().size(), 3u);
    auto const events = all<Event>();
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].target, "aipress-shard-001");
    EXPECT_EQ(events[0].after, R"({"state":"cordoned"})");
}

TEST_P(StoreTest, TheSameChangeAskedForAtOnceIsDoneOnce) {
    add_shard("aipress-shard-001", 1);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            auto const answer = cordon(i % 2 == 0 ? *store : *another, "op", "aipress-shard-001");
            ASSERT_THAT(answer, IsOk());
            EXPECT_EQ(answer.value().at("version"), 2);
        });
    }
    threads.clear();
    EXPECT_EQ(all<Shard>().front().version, 2);
    EXPECT_EQ(all<Event>().size(), 1u);
}

TEST_P(StoreTest, ARowIsChangedOnlyInTheVersionThatWasRead) {
    add_shard("aipress-shard-001", 1);
    auto const read = all<Shard>().front();
    auto const set = [&](Store& in, std::int64_t used) {
        return in.database().transact(test_context(),
                                      [&](sql::Transaction& transaction) -> Result<Shard> {
                                          auto changed = read;
                                          changed.used = used;
                                          return Table<Shard>(transaction).update(changed);
                                      });
    };
    EXPECT_EQ(must(set(*store, 1)).version, 2);
    EXPECT_THAT(set(*another, 2), HasCode(ErrorCode::Aborted));
    EXPECT_EQ(all<Shard>().front().used, 1);
}

TEST_P(StoreTest, AShardNeverHoldsMoreThanItHasSlots) {
    add_shard("aipress-shard-001", 1);
    auto shard = all<Shard>().front();
    shard.used = fleet::kShardCapacity;
    shard.reserved = 1;
    EXPECT_THAT(store->database().transact(test_context(),
                                           [&](sql::Transaction& transaction) {
                                               return Table<Shard>(transaction).update(shard);
                                           }),
                HasCode(ErrorCode::FailedPrecondition));
}

TEST_P(StoreTest, ARouteIsKnownForEveryTime) {
    auto const set = [&](Route const& route) {
        return must(store->database().transact(test_context(), [&](sql::Transaction& transaction) {
            return set_route(transaction, route);
        }));
    };
    auto const at = [&](Timestamp time) {
        return must(store->database().read(test_context(), [&](sql::Transaction& transaction) {
            return route_at(transaction, "tenant-001", time);
        }));
    };
    auto first = set({.tenant = "tenant-001", .endpoint = "https://old", .version = 0});
    auto change = first;
    change.shard = "aipress-shard-007";
    change.endpoint = "https://new";
    auto const second = set(change);
    EXPECT_EQ(second.version, 2);
    EXPECT_FALSE(at(first.changed_at - std::chrono::microseconds(1)));
    EXPECT_EQ(at(first.changed_at)->endpoint, "https://old");
    EXPECT_FALSE(at(first.changed_at)->shard);
    EXPECT_EQ(at(second.changed_at)->endpoint, "https://new");
    EXPECT_EQ(at(second.changed_at)->shard, "aipress-shard-007");
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreTest,
                         ::testing::Values(sql::Engine::Sqlite, sql::Engine::Postgres,
                                           sql::Engine::Spanner),
                         [](auto const& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace aipress::store
