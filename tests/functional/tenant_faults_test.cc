// Tenants move while one request in twenty goes wrong, on every API: refused, not answered, lost
// after it was carried out, or an operation that fails. Nobody ends half: a command that gives up
// is given again, as a supervisor would.
#include <fstream>
#include <gmock/gmock.h>
#include <iostream>

#include "tenant_stage.h"
#include "testing/must.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {
namespace {

using testing::must;

constexpr unsigned kTriesMost = 12;

constexpr char const* kFaults = R"json({"rules": [
  {"kind": "unavailable", "rate": 0.02},
  {"kind": "lost_response", "rate": 0.02},
  {"kind": "failed_operation", "rate": 0.01}
]})json";

TEST(TenantFaultsTest, WithOneRequestInTwentyGoingWrongNobodyEndsHalf) {
    auto const folder = must(testing::TemporaryDirectory::make());
    TenantStage stage(1);
    auto const file = (folder / "faults.json").string();
    std::ofstream(file) << kFaults;
    stage.restart_sandbox({"--faults", file, "--seed", "4711"});
    for (unsigned number : {1u}) {
        auto const name = stage.tenant(number).name;
        std::string state;
        unsigned tries = 0;
        while (state != "moved" && state != "rolled-back" && tries < kTriesMost) {
            ++tries;
            auto const result = stage.run(stage.migrate_words(name));
            auto const summary = result.json();
            if (summary.ok()) state = summary.value().at("state").as_string();
            if (result.status.code != 0) std::cout << name << ": " << result.error << "\n";
        }
        std::cout << name << " is " << state << " after " << tries << " tries\n";
        ASSERT_TRUE(state == "moved" || state == "rolled-back") << state;
        auto const* const serving = state == "moved" ? kShard : "aipress-project";
        stage.restart_sandbox({});
        EXPECT_EQ(stage.serving_project(number), serving);
        EXPECT_TRUE(stage.comment(number, "behind the faults"));
        EXPECT_TRUE(stage.has_comment(number, "behind the faults"));
        stage.restart_sandbox({"--faults", file, "--seed", "4711"});
    }
}

}  // namespace
}  // namespace aipress::functional
