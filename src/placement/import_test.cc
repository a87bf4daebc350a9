#include "placement/import.h"

#include <gmock/gmock.h>

#include "placement/look.h"
#include "testing/sql_engine.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::placement {
namespace {

using store::Table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;
using testing::test_context;

struct ImportTest : ::testing::TestWithParam<sql::Engine> {
    void SetUp() override {
        std::string why;
        auto* const engine = testing::SqlEngine::shared(GetParam(), why);
        if (engine == nullptr) GTEST_SKIP() << why;
        auto const url = must(engine->make_database());
        store = must(store::Store::open(test_context(), url, engine->options()));
    }
    ImportOrder order(fleet::Spare spare = fleet::Spare::Keep) {
        return {.operation = "import-" + std::to_string(++operations), .spare = spare};
    }
    ImportReport shards(std::string const& text) {
        auto const file = read_shard_file(text);
        EXPECT_THAT(file.faults, IsEmpty());
        return must(import_shards(test_context(), *store, file.rows, order()));
    }
    ImportReport tenants(std::string const& text, fleet::Spare spare = fleet::Spare::Keep) {
        auto const file = read_tenant_file(text);
        EXPECT_THAT(file.faults, IsEmpty());
        return must(import_tenants(test_context(), *store, file.rows, order(spare)));
    }
    template <typename Record>
    Record get(std::string const& id) {
        return must(store->database().read(test_context(), [&](sql::Transaction& transaction) {
            return Table<Record>(transaction).get(id);
        }));
    }
    fleet::Epoch epoch() { return must(store->database().read(test_context(), read_epoch)); }

    std::unique_ptr<store::Store> store;
    int operations = 0;
};

TEST_P(ImportTest, AFleetIsLoadedAndTheSameFilesAgainChangeNothing) {
    std::string const shard_file = "shard,slots\naipress-shard-001,3\naipress-shard-002,\n";
    std::string const tenant_file =
        "tenant,shard,state,weight,endpoint\n"
        "acme,aipress-shard-001,,1.5,https://acme.a.run.app\n"
        "bakery,,,,\n"
        "cinema,,legacy,,https://cinema.a.run.app\n";
    EXPECT_EQ(shards(shard_file).added, 2u);
    auto const report = tenants(tenant_file);
    EXPECT_THAT(report.faults, IsEmpty());
    EXPECT_EQ(report.added, 3u);
    EXPECT_EQ(report.placed, 2u);

    auto const acme = get<store::Tenant>("acme");
    EXPECT_EQ(acme.shard, "aipress-shard-001");
    EXPECT_EQ(acme.placed_by, "imported");
    EXPECT_EQ(acme.home_shard, fleet::home_shard("acme", {.shards = 2}));
    EXPECT_EQ(get<store::Route>("acme").endpoint, "https://acme.a.run.app");
    auto const cinema = get<store::Tenant>("cinema");
    EXPECT_EQ(cinema.state, store::TenantState::Legacy);
    EXPECT_FALSE(cinema.shard);
    EXPECT_EQ(cinema.next_shard, fleet::home_shard("cinema", {.shards = 2}));
    EXPECT_FALSE(get<store::Route>("cinema").shard);
    auto const first = get<store::Shard>("aipress-shard-001");
    auto const second = get<store::Shard>("aipress-shard-002");
    EXPECT_EQ(first.used + second.used, 2);
    EXPECT_EQ(first.reserved + second.reserved, 1);
    EXPECT_EQ(first.weight + second.weight, 3'500);

    EXPECT_EQ(shards(shard_file).unchanged, 2u);
    auto const again = tenants(tenant_file);
    EXPECT_EQ(again.added, 0u);
    EXPECT_EQ(again.unchanged, 3u);
    EXPECT_EQ(get<store::Shard>("aipress-shard-001").version, first.version);
    EXPECT_EQ(get<store::Tenant>("acme").version, 1);
    EXPECT_THAT(must(store->database().read(
                    test_context(),
                    [](sql::Transaction& transaction) -> Result<std::string> {
                        return why(transaction,
                                   TRY(Table<store::Tenant>(transaction).get("bakery")));
                    })),
                HasSubstr("bakery lives on aipress-shard-00"));
}

TEST_P(ImportTest, NothingIsImportedWhenAnythingIsWrong) {
    shards("shard,slots,state\naipress-shard-001,1,\naipress-shard-002,2,retired\n");
    tenants("tenant,shard,endpoint\nacme,aipress-shard-001,https://acme.a.run.app\n",
            fleet::Spare::Use);
    auto const report = tenants(
        "tenant,shard,weight,endpoint\n"
        "bakery,aipress-shard-001,,\n"
        "cinema,aipress-shard-009,,\n"
        "dentist,aipress-shard-002,,\n"
        "acme,aipress-shard-002,2,https://other.a.run.app\n"
        "eatery,,,\n");
    std::vector<std::string> faults;
    for (auto const& fault : report.faults) faults.push_back(to_string(fault));
    EXPECT_THAT(
        faults,
        ElementsAre("line 2: shard: aipress-shard-001 has no room for it (1 of 1 slots, 1 of 1 in "
                    "weight)",
                    "line 3: shard: aipress-shard-009 is not in the store; import it first",
                    "line 4: shard: aipress-shard-002 is retired",
                    "line 5: acme is there already, with shard aipress-shard-001: import changes "
                    "nothing that is there",
                    "line 5: acme is there already, with weight 1: import changes nothing that is "
                    "there",
                    "line 5: acme is there already, with endpoint https://acme.a.run.app: import "
                    "changes nothing that is there",
                    HasSubstr("0 of 1 slots of active shards are free")));
    EXPECT_EQ(get<store::Shard>("aipress-shard-001").used, 1);
    auto const changed = shards("shard,slots\naipress-shard-001,5\naipress-shard-003,5\n");
    ASSERT_EQ(changed.faults.size(), 1u);
    EXPECT_EQ(
        to_string(changed.faults.front()),
        "line 2: aipress-shard-001 is there already, with slots 1: import changes nothing that "
        "is there");
    EXPECT_EQ(epoch(), (fleet::Epoch{.number = 1, .shards = 2}));
}

TEST_P(ImportTest, MoreShardsBeginAnEpochAndMoveNobody) {
    shards("shard\naipress-shard-001\naipress-shard-002\n");
    tenants("tenant\nacme\nbakery\ncinema\ndentist\n");
    auto const before = get<store::Tenant>("acme");
    shards("shard\naipress-shard-003\n");
    EXPECT_EQ(epoch(), (fleet::Epoch{.number = 2, .shards = 3}));
    tenants("tenant\nacme\neatery\n");
    EXPECT_EQ(get<store::Tenant>("acme").version, before.version);
    EXPECT_EQ(get<store::Tenant>("acme").epoch, 1);
    EXPECT_EQ(get<store::Tenant>("eatery").home_shard, fleet::home_shard("eatery", {.shards = 3}));
}

INSTANTIATE_TEST_SUITE_P(Engines, ImportTest,
                         ::testing::Values(sql::Engine::Sqlite, sql::Engine::Postgres,
                                           sql::Engine::Spanner),
                         [](auto const& made) { return std::string(to_string(made.param)); });

}  // namespace
}  // namespace aipress::placement
