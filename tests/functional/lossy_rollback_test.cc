// Back home although the way back is broken: refused with what it would cost, and done for the
// name.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <regex>
#include <sstream>

#include "mysql/connection.h"
#include "tenant_stage.h"
#include "testing/must.h"
#include "testing/status_matchers.h"

namespace aipress::functional {
namespace {

namespace json = boost::json;

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::must;

constexpr char const* kSql = "sqladmin.googleapis.com";
constexpr char const* kAdministrator = "dba";
constexpr char const* kPassword = "of-the-test-0123456789";

class LossyRollbackTest : public ::testing::Test {
protected:
    // As somebody with all rights on the instance, which is none of AIPress's business.
    mysql::Connection administrator(std::string const& project, std::string const& instance,
                                    std::string const& database) {
        auto const path = fmt::format("/v1/projects/{}/instances/{}", project, instance);
        auto const made =
            stage_.call("POST", kSql, path + "/users",
                        json::serialize(json::object{
                            {"name", kAdministrator}, {"host", "%"}, {"password", kPassword}}));
        EXPECT_EQ(made.status, 200) << made.text;
        mysql::Endpoint endpoint;
        endpoint.host =
            std::string(stage_.get(kSql, path).at_pointer("/ipAddresses/0/ipAddress").as_string());
        endpoint.user = kAdministrator;
        endpoint.password = kPassword;
        endpoint.database = database;
        auto const context = stage_context();
        for (;;) {  // until the operation that makes the user has done so
            auto opened = mysql::Connection::open(context, endpoint);
            if (opened.ok()) return opened.release();
            if (!context.sleep(milliseconds(50))) throw std::runtime_error("no connection");
        }
    }
    testing::CommandResult roll_back(std::string const& tenant, std::string const& accepted = "") {
        std::vector<std::string> words{"rollback", tenant};
        if (!accepted.empty()) words.insert(words.end(), {"--accept-loss", accepted});
        return stage_.run(words);
    }
    [[nodiscard]] std::string alerts() const {
        std::ostringstream text;
        text << std::ifstream(stage_.state() / "alerts.jsonl").rdbuf();
        return text.str();
    }
    // Nothing was touched: the new home serves, and the command that would help is named.
    void expect_refused(unsigned number, std::string const& why) {
        auto const name = stage_.tenant(number).name;
        auto const refused = roll_back(name);
        EXPECT_EQ(refused.status.code, 1) << refused.describe();
        EXPECT_THAT(refused.error, AllOf(HasSubstr(why), HasSubstr("at least ")));
        EXPECT_THAT(refused.error, HasSubstr(fmt::format("--accept-loss {}", name)));
        EXPECT_EQ(must(refused.json()).at("state").as_string(), "moved");
        EXPECT_EQ(stage_.serving_project(number), kShard);
        EXPECT_THAT(stage_.visit(number, "/").text, HasSubstr(stage_.tenant(number).title));
        EXPECT_THAT(alerts(), HasSubstr("a rollback would lose writes"));
        auto const told = must(stage_.run({"why", name}).json());
        EXPECT_THAT(std::string(told.at("problem").as_string()), HasSubstr(why));
        EXPECT_EQ(roll_back(name, "another").status.code, 2);
    }
    std::string go_back(unsigned number) {
        auto const name = stage_.tenant(number).name;
        auto const back = roll_back(name, name);
        EXPECT_EQ(back.status.code, 0) << back.describe();
        auto const summary = must(back.json());
        EXPECT_EQ(summary.at("state").as_string(), "rolled-back");
        EXPECT_EQ(stage_.serving_project(number), poc::kProject);
        // The only copy of what is lost is not thrown away.
        EXPECT_THAT(
            stage_.names(kSql, fmt::format("/v1/projects/{0}/instances/{0}-db/databases", kShard),
                         "items", "name"),
            Contains(name));
        EXPECT_TRUE(stage_.comment(number, "at home again"));
        EXPECT_TRUE(stage_.has_comment(number, "at home again"));
        return std::string(summary.at("reason").as_string());
    }

    TenantStage stage_{3};
};

TEST_F(LossyRollbackTest, AWayBackThatIsBrokenCostsWhatIsSaidAndNoMore) {
    std::vector<testing::AipressProcess> processes;
    for (unsigned i : {1u, 2u, 3u}) {
        ASSERT_TRUE(stage_.comment(i, "written at home"));
        processes.push_back(must(testing::AipressProcess::start(
            stage_.command(stage_.migrate_words(stage_.tenant(i).name)), stage_.environment())));
    }
    for (auto& process : processes) {
        auto const moved = must(process.wait(stage_context()));
        ASSERT_EQ(moved.status.code, 0) << moved.describe();
    }
    for (unsigned i : {1u, 2u, 3u}) ASSERT_TRUE(stage_.comment(i, "written in the shard"));

    // A plugin makes a table of its own in the new home: the stream back stops there.
    auto const first = stage_.tenant(1);
    auto shard = administrator(kShard, std::string(kShard) + "-db", first.name);
    must(shard.execute(stage_context(), "CREATE TABLE wp_plugin (id INT PRIMARY KEY)"));
    ASSERT_TRUE(stage_.comment(1, "behind the break"));
    expect_refused(1, "CREATE TABLE wp_plugin");
    EXPECT_TRUE(stage_.has_comment(1, "behind the break"));
    auto reason = go_back(1);
    EXPECT_TRUE(stage_.has_comment(1, "written at home"));
    EXPECT_TRUE(stage_.has_comment(1, "written in the shard"));
    EXPECT_FALSE(stage_.has_comment(1, "behind the break"));
    std::smatch lost;
    ASSERT_TRUE(std::regex_search(reason, lost, std::regex("at least ([0-9]+) changed rows")));
    EXPECT_GE(std::stoul(lost[1]), 1u);
    EXPECT_THAT(reason,
                HasSubstr("the old database serves with every row that was changed before"));
    EXPECT_THAT(alerts(), HasSubstr(lost[0].str()));

    // Somebody drops a table of the old database.
    auto const second = stage_.tenant(2);
    auto old =
        administrator(std::string(poc::kProject), second.instance(), std::string(poc::kDatabase));
    must(old.execute(stage_context(), "DROP TABLE wp_comments"));
    expect_refused(2, "its table wp_comments is gone");
    reason = go_back(2);
    EXPECT_TRUE(stage_.has_comment(2, "written at home"));
    EXPECT_FALSE(stage_.has_comment(2, "written in the shard"));
    EXPECT_THAT(reason, HasSubstr("everything written since the backup"));
    EXPECT_THAT(stage_.visit(2, "/").text, HasSubstr(second.title));
    EXPECT_THAT(alerts(), HasSubstr("the old database is restored from it"));

    // Somebody deletes rows of it: the stream is whole, and comparing finds them.
    auto const third = stage_.tenant(3);
    auto other =
        administrator(std::string(poc::kProject), third.instance(), std::string(poc::kDatabase));
    must(other.execute(stage_context(), "DELETE FROM wp_comments"));
    auto const differs = roll_back(third.name);
    EXPECT_EQ(differs.status.code, 1) << differs.describe();
    EXPECT_THAT(differs.error, AllOf(HasSubstr("wp_comments"), HasSubstr("missing on the target")));
    EXPECT_TRUE(stage_.has_comment(3, "written in the shard"));
    EXPECT_THAT(alerts(), HasSubstr(fmt::format("--accept-loss {} for the backup", third.name)));
    reason = go_back(3);
    EXPECT_TRUE(stage_.has_comment(3, "written at home"));
    EXPECT_FALSE(stage_.has_comment(3, "written in the shard"));
}

}  // namespace
}  // namespace aipress::functional
