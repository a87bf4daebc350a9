#include "store/store.h"

#include <gtest/gtest.h>

#include "store/lease.h"
#include "testing/fake_clock.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::store {
namespace {

using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::test_context;

struct StoreTest : ::testing::Test {
    testing::TemporaryDirectory folder = must(testing::TemporaryDirectory::make());
    std::unique_ptr<Store> store =
        must(Store::open(test_context(), "sqlite:" + (folder / "store.db").string()));

    Result<boost::json::object> cordon(std::string const& operation, std::string const& shard) {
        Change const change{.operation = operation, .kind = "shards.cordon", .target = shard};
        return store->change(test_context(), change,
                             [&](sql::Transaction& transaction) -> Result<Changed> {
                                 Table<Shard> shards(transaction);
                                 auto found = TRY(shards.get(shard));
                                 found.state = fleet::ShardState::Cordoned;
                                 found = TRY(shards.update(found));
                                 return Changed{.answer = {{"version", found.version}}};
                             });
    }
    void add_shard(std::string const& id, std::int64_t number) {
        ASSERT_THAT(store->database().transact(test_context(),
                                               [&](sql::Transaction& transaction) -> Result<void> {
                                                   Shard const shard{.id = id, .number = number};
                                                   return Table<Shard>(transaction).insert(shard);
                                               }),
                    IsOk());
    }
};

TEST_F(StoreTest, AChangeIsDoneOnceHoweverOftenItIsAskedFor) {
    add_shard("aipress-shard-001", 1);
    add_shard("aipress-shard-002", 2);
    EXPECT_EQ(must(cordon("op-1", "aipress-shard-001")).at("version"), 2);
    EXPECT_EQ(must(cordon("op-1", "aipress-shard-001")).at("version"), 2);
    EXPECT_EQ(must(cordon("op-2", "aipress-shard-001")).at("version"), 3);
    EXPECT_THAT(cordon("op-1", "aipress-shard-002"), HasCode(ErrorCode::AlreadyExists));
    EXPECT_THAT(cordon("op-3", "aipress-shard-009"), HasCode(ErrorCode::NotFound));
    EXPECT_THAT(cordon("", "aipress-shard-001"), HasCode(ErrorCode::InvalidArgument));
}

}  // namespace
}  // namespace aipress::store
