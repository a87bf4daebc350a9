// SIGKILL of `aipress tenant migrate` before and after every entry of its journal, one after the
// other in one migration: each time the same command is given again, and dies at the next. Then the
// same of the rollback. Visitors write all the while.
//
// The mover's own points are kill_anywhere_test's; here are those of the migration, and those where
// the two meet.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <iostream>

#include "tenant_stage.h"
#include "testing/must.h"

namespace aipress::functional {
namespace {

using testing::must;

// Of a whole migration and its rollback, that nobody disturbed.
bool is_ours(std::string const& point) {
    bool const is_action = point.starts_with("journal-") && point.find('/') != std::string::npos;
    return is_action || point.starts_with("announce-owner.") ||
           point.starts_with("journal-owner.") || point.starts_with("journal-moved.") ||
           point.starts_with("journal-rolling-back.") || point.starts_with("journal-rolled-back.");
}

std::vector<std::string> points_in(std::filesystem::path const& file) {
    std::ifstream lines(file);
    std::vector<std::string> points;
    for (std::string line; std::getline(lines, line);) {
        bool const is_new = std::find(points.begin(), points.end(), line) == points.end();
        if (is_ours(line) && is_new) points.push_back(line);
    }
    return points;
}

class TenantKillTest : public ::testing::Test {
protected:
    // Gives the command again and again, killed at one point after the other. How often it was.
    unsigned run_through(std::vector<std::string> const& words,
                         std::vector<std::string> const& points) {
        unsigned killed = 0;
        for (auto const& point : points) {
            auto const result = stage_.run(words, {{"AIPRESS_KILL_AT", point}});
            if (result.status.signal == SIGKILL) {
                ++killed;
            } else if (result.status.code != 0) {
                ADD_FAILURE() << point << ": " << result.describe();
                return killed;
            }
            auto text = "behind " + point;
            std::replace(text.begin(), text.end(), '/', ' ');  // JSON would escape it
            if (stage_.try_comment(1, text)) written_.push_back(std::move(text));
        }
        return killed;
    }
    void expect_written() {
        EXPECT_FALSE(written_.empty());
        for (auto const& text : written_) {
            EXPECT_TRUE(stage_.has_comment(1, text)) << "lost: " << text;
        }
    }

    TenantStage stage_{1};
    std::string const tenant_ = stage_.tenant(1).name;
    std::vector<std::string> written_;
};

TEST_F(TenantKillTest, KilledAtEveryEntryItEndsTheSame) {
    auto const trace = stage_.state().string() + ".points";
    auto const migrate = stage_.migrate_words(tenant_);
    std::vector<std::string> const rollback{"rollback", tenant_};
    auto const undisturbed = stage_.run(migrate, {{"AIPRESS_TRACE_POINTS", trace}});
    ASSERT_EQ(undisturbed.status.code, 0) << undisturbed.describe();
    auto const forth = points_in(trace);
    std::filesystem::remove(trace);
    auto const returned = stage_.run(rollback, {{"AIPRESS_TRACE_POINTS", trace}});
    ASSERT_EQ(returned.status.code, 0) << returned.describe();
    auto const back = points_in(trace);
    std::filesystem::remove(trace);
    std::cout << forth.size() << " points on the way there, " << back.size()
              << " on the way back\n";
    EXPECT_GE(forth.size(), 60u);

    auto const killed = run_through(migrate, forth);
    std::cout << "killed " << killed << " times on the way there\n";
    EXPECT_GE(killed, forth.size() * 9 / 10);
    auto const moved = stage_.run(migrate);
    ASSERT_EQ(moved.status.code, 0) << moved.describe();
    EXPECT_EQ(must(moved.json()).at("state").as_string(), "moved");
    EXPECT_EQ(stage_.serving_project(1), kShard);
    expect_written();

    auto const killed_back = run_through(rollback, back);
    std::cout << "killed " << killed_back << " times on the way back\n";
    // The last kill comes behind the last entry: then there is nothing to roll back any more.
    auto const status = must(stage_.run({"status", tenant_}).json());
    EXPECT_EQ(status.at("state").as_string(), "rolled-back");
    EXPECT_EQ(stage_.serving_project(1), poc::kProject);
    expect_written();
    EXPECT_TRUE(stage_.comment(1, "home again"));
}

}  // namespace
}  // namespace aipress::functional
