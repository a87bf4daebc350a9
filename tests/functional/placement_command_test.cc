// `aipress placement`, `aipress shard` and the commands of `aipress tenant` on the fleet's store,
// as an operator runs them.
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "testing/aipress_process.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::must;
using testing::test_context;

class PlacementCommandTest : public ::testing::Test {
protected:
    testing::CommandResult run(testing::Arguments const& words) {
        return must(testing::run_aipress(test_context(), words, {{"AIPRESS_STORE", store_}}));
    }
    std::string done(testing::Arguments const& words) {
        auto const result = run(words);
        EXPECT_EQ(result.status.code, 0) << result.describe();
        return result.output;
    }
    boost::json::object answer(testing::Arguments words) {
        words.insert(words.end(), {"--format", "json"});
        auto const result = run(words);
        EXPECT_EQ(result.status.code, 0) << result.describe();
        return must(result.json());
    }
    std::string refused(testing::Arguments const& words, int code) {
        auto const result = run(words);
        EXPECT_EQ(result.status.code, code) << result.describe();
        EXPECT_EQ(result.output, "");
        return result.error;
    }
    std::string file(std::string const& name, std::string const& text) {
        auto const path = folder_ / name;
        std::ofstream(path) << text;
        return path.string();
    }
    // Three shards of four, and six tenants on the first two.
    void load_fleet() {
        done({"shard", "import",
              file("shards.csv",
                   "shard,slots\naipress-shard-001,4\n"
                   "aipress-shard-002,4\naipress-shard-003,4\n")});
        std::string text;
        for (int i = 0; i < 6; ++i) {
            text += fmt::format(R"({{"tenant": "tenant-{0}", "shard": "aipress-shard-00{1}", )"
                                R"("endpoint": "https://tenant-{0}.a.run.app"}})"
                                "\n",
                                i, 1 + i % 2);
        }
        tenants_ = file("tenants.ndjson", text);
        done({"tenant", "import", tenants_});
    }

    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    std::string store_ = "sqlite:" + (folder_ / "fleet.db").string();
    std::string tenants_;
};

TEST_F(PlacementCommandTest, ASimulationShowsWhatTheDesignPromises) {
    store_.clear();  // it needs none
    auto const fleet = answer(
        {"placement", "simulate", "--tenants", "50000", "--shards", "1000", "--capacity", "50"});
    EXPECT_LE(fleet.at("displaced_online").to_number<int>(), 2'985);
    EXPECT_NEAR(fleet.at("displaced_in_batch").to_number<int>(), 2'826, 2'826 * 0.02);
    EXPECT_EQ(fleet.at("moved_by_adding"), 0);
    EXPECT_LE(fleet.at("moved_by_loss").to_number<int>(), 50);
    EXPECT_THAT(refused({"placement", "simulate", "--tenants", "51", "--shards", "1"}, 1),
                HasSubstr("51 tenants do not fit on 1 shards of 50"));
    EXPECT_THAT(refused({"shard", "list"}, 2), HasSubstr("AIPRESS_STORE is not set"));
}

TEST_F(PlacementCommandTest, AFleetIsImportedShownAndExplained) {
    load_fleet();
    EXPECT_EQ(answer({"tenant", "import", tenants_}).at("unchanged"), 6);
    EXPECT_THAT(done({"shard", "list"}),
                HasSubstr("3 shards; 6 of 12 slots of active ones are free"));
    EXPECT_THAT(done({"tenant", "list"}), HasSubstr("6 tenants, "));
    auto const shard = answer({"shard", "show", "aipress-shard-001"});
    EXPECT_EQ(shard.at("used"), 3);
    EXPECT_EQ(shard.at("tenants").as_array().size(), 3u);
    auto const route = answer({"tenant", "route", "tenant-1"});
    EXPECT_EQ(route.at("shard"), "aipress-shard-002");
    EXPECT_EQ(route.at("endpoint"), "https://tenant-1.a.run.app");
    EXPECT_EQ(route.at("route_version"), 1);
    EXPECT_EQ(answer({"tenant", "route", "tenant-1", "--at", "2999-01-01T00:00:00Z"}), route);
    EXPECT_THAT(refused({"tenant", "route", "tenant-1", "--at", "2000-01-01T00:00:00Z"}, 1),
                HasSubstr("had no route at that time"));

    EXPECT_THAT(done({"placement", "place", "acme"}), HasSubstr("acme lives on aipress-shard-00"));
    EXPECT_EQ(done({"placement", "place", "acme"}), done({"placement", "why", "acme"}));
    EXPECT_THAT(answer({"tenant", "show", "tenant-1"}).at("why").as_string().c_str(),
                HasSubstr("it was imported as living there"));
    EXPECT_THAT(refused({"placement", "why", "nobody"}, 1), HasSubstr("no tenant of this fleet"));
    EXPECT_THAT(refused({"shard", "show", "nowhere"}, 1), HasSubstr("no shard of this fleet"));
}

TEST_F(PlacementCommandTest, AFileWithFaultsIsImportedInNoPart) {
    load_fleet();
    auto const bad = file("bad.csv",
                          "tenant,shard,weight\nacme,aipress-shard-003,1\n"
                          "Bakery,,x\ntenant-0,aipress-shard-009,\n");
    auto const told = refused({"tenant", "import", bad}, 2);
    EXPECT_THAT(told, AllOf(HasSubstr("line 3: 'Bakery' is no tenant's name"),
                            HasSubstr("line 3: weight: 'x' is not a number"),
                            HasSubstr("error: " + bad + ": 2 faults, so nothing was imported")));
    auto const unknown = file("unknown.csv",
                              "tenant,shard\nacme,aipress-shard-003\n"
                              "bakery,aipress-shard-009\n");
    EXPECT_THAT(refused({"tenant", "import", unknown}, 2),
                HasSubstr("line 3: shard: aipress-shard-009 is not in the store"));
    EXPECT_EQ(answer({"tenant", "list"}).at("tenants").as_array().size(), 6u);
    EXPECT_THAT(refused({"tenant", "import", folder_.path().string()}, 2),
                HasSubstr("cannot read"));
    EXPECT_THAT(refused({"tenant", "import", (folder_ / "none").string()}, 2),
                HasSubstr("No such file"));
}

TEST_F(PlacementCommandTest, APlanIsAppliedOnceAndRefusedWhenTheWorldHasMoved) {
    load_fleet();
    auto const plan = (folder_ / "plan.json").string();
    auto const made = run({"placement", "plan", "drain", "aipress-shard-001", "-o", plan});
    EXPECT_EQ(made.status.code, 0) << made.describe();
    EXPECT_THAT(made.output, HasSubstr("gives its tenants away: 3 moves"));
    EXPECT_THAT(made.error, HasSubstr("next: aipress placement apply " + plan));
    EXPECT_EQ(answer({"shard", "show", "aipress-shard-001"}).at("state"), "active");
    done({"placement", "place", "acme", "--pin", "aipress-shard-001"});
    EXPECT_THAT(refused({"placement", "apply", plan}, 1),
                HasSubstr("aipress-shard-001 has changed since the plan was made"));

    done({"placement", "plan", "drain", "aipress-shard-001", "-o", plan});
    EXPECT_EQ(answer({"placement", "apply", plan}).at("moves"), 3);
    EXPECT_EQ(answer({"placement", "apply", plan}).at("moves"), 3);
    EXPECT_EQ(answer({"shard", "show", "aipress-shard-001"}).at("state"), "draining");
    EXPECT_THAT(done({"placement", "why", "tenant-0"}), HasSubstr("on its way to"));
    std::ofstream(plan, std::ios::app) << "{}";
    EXPECT_THAT(refused({"placement", "apply", plan}, 2), HasSubstr(plan));
}

}  // namespace
}  // namespace aipress
