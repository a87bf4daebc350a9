#include "sandbox/logging.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/limits.h"
#include "sandbox/log_entries.h"
#include "sandbox/log_filter.h"
#include "testing/sandbox_host.h"
#include "testing/temporary_directory.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using testing::SandboxHost;

class LoggingTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const api_ = "//logging.googleapis.com/v2/";
    std::string const log_ = "projects/sandbox-project/logs/wordpress";

    static json::object entry(std::string const& text, int second,
                              std::string const& severity = "INFO") {
        return {{"textPayload", text},
                {"severity", severity},
                {"insertId", "id-" + text},
                {"labels", {{"site", text}}},
                {"timestamp", fmt::format("2026-11-25T10:00:{:02}Z", second)}};
    }
    testing::HttpAnswer write(json::array const& entries, std::string const& log = "") {
        return host_.post(
            api_ + "entries:write",
            {{"logName", log.empty() ? log_ : log},
             {"resource",
              {{"type", "cloud_run_revision"}, {"labels", {{"service_name", "site-1"}}}}},
             {"labels", {{"common", "yes"}}},
             {"entries", entries}});
    }
    testing::HttpAnswer list(json::object query) {
        query["resourceNames"] = json::array{"projects/sandbox-project"};
        return host_.post(api_ + "entries:list", query);
    }
    // The texts of all pages.
    std::vector<std::string> texts(json::object query) {
        std::vector<std::string> found;
        do {
            auto const page = list(query);
            EXPECT_EQ(page.status, 200) << page.text;
            if (page.status != 200) return found;
            if (auto const* const entries = page.body.as_object().if_contains("entries")) {
                for (auto const& one : entries->as_array()) {
                    found.emplace_back(one.at("textPayload").as_string());
                }
            }
            auto const* const next = page.body.as_object().if_contains("nextPageToken");
            query["pageToken"] = next == nullptr ? json::string() : next->as_string();
        } while (!query.at("pageToken").as_string().empty());
        return found;
    }
};

TEST_F(LoggingTest, EntriesAreReadInEitherOrderPageByPage) {
    ASSERT_EQ(write({entry("b", 2), entry("a", 1), entry("e", 5)}).status, 200);
    ASSERT_EQ(write({entry("d", 4), entry("c", 3)}).status, 200);
    host_.restart();
    EXPECT_THAT(texts({{"pageSize", 2}}), ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(texts({{"pageSize", 2}, {"orderBy", "timestamp desc"}}),
                ElementsAre("e", "d", "c", "b", "a"));
    EXPECT_THAT(texts({{"orderBy", "timestamp asc"}}), ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_EQ(list({{"orderBy", "severity"}}).status, 400);
    auto const first = list({{"pageSize", 1}}).body.at_pointer("/entries/0");
    EXPECT_EQ(first.at("logName").as_string(), log_);
    EXPECT_EQ(first.at_pointer("/resource/labels/service_name"), "site-1");
    EXPECT_EQ(first.at_pointer("/labels/common"), "yes");
    EXPECT_TRUE(first.as_object().contains("receiveTimestamp"));
}

TEST_F(LoggingTest, AnEntryThatIsSentTwiceIsKeptOnce) {
    for (int time = 0; time < 2; ++time) ASSERT_EQ(write({entry("a", 1)}).status, 200);
    ASSERT_EQ(write({{{"textPayload", "new"}}, {{"textPayload", "new"}}}).status, 200);
    EXPECT_THAT(texts({}), ElementsAre("a", "new", "new"));
}

TEST_F(LoggingTest, FiltersSelect) {
    ASSERT_EQ(write({entry("a", 1, "DEBUG"), entry("b", 2, "ERROR"), entry("c", 3)}).status, 200);
    ASSERT_EQ(write({entry("d", 4)}, "projects/sandbox-project/logs/run.googleapis.com%2Frequests")
                  .status,
              200);
    std::vector<std::pair<std::string, std::vector<std::string>>> const cases{
        {"severity>=WARNING", {"b"}},
        {"severity < INFO", {"a"}},
        {"timestamp>=\"2026-11-25T10:00:02Z\" AND timestamp<\"2026-11-25T12:00:04+02:00\"",
         {"b", "c"}},
        {"logName=\"projects/sandbox-project/logs/run.googleapis.com%2Frequests\"", {"d"}},
        {"logName:requests", {"d"}},
        {"resource.type = cloud_run_revision\nresource.labels.service_name=\"site-1\" "
         "labels.site=b",
         {"b"}},
        {"resource.type=gce_instance", {}},
        {"labels.\"site\"=a OR labels.site=c", {"a", "c"}},
        {"NOT severity=INFO", {"a", "b"}},
        {"-severity=INFO (labels.site=a OR labels.site=c)", {"a"}},
        {"labels.site!=a severity=INFO", {"c", "d"}},
        {"labels.none=a", {}},
        {"labels.none!=a AND textPayload>b", {"c", "d"}},
        {"-- all of them\n labels.common:*", {"a", "b", "c", "d"}}};
    for (auto const& [filter, expected] : cases) {
        EXPECT_EQ(texts({{"filter", filter}}), expected) << filter;
    }
}

TEST_F(LoggingTest, WhatIsNotUnderstoodIsNotMisread) {
    for (auto const* const filter :
         {"word", "textPayload=~\"a.*\"", "log_id(\"x\")", "severity>=LOUD", "timestamp>yesterday",
          "noSuchField=1", "textPayload=", "(textPayload=a", "textPayload=a)", "textPayload=\"a",
          "labels..a=b", "textPayload=a AND", "severity"}) {
        auto const answer = list({{"filter", filter}});
        EXPECT_EQ(answer.status, 400) << filter;
    }
    std::string deep;
    for (int depth = 0; depth < 5'000; ++depth) deep += depth % 2 == 0 ? "NOT " : "(";
    EXPECT_EQ(list({{"filter", deep}}).status, 400);
    EXPECT_EQ(host_.post(api_ + "entries:list", json::object()).status, 400);
    EXPECT_EQ(
        host_.post(api_ + "entries:list", {{"resourceNames", json::array{"projects/no-such"}}})
            .status,
        403);
}

TEST_F(LoggingTest, BadEntriesAreRefusedAllOrPartly) {
    json::object const bad{{"textPayload", "bad"}, {"timestamp", "1950-01-01T00:00:00Z"}};
    EXPECT_EQ(write({entry("a", 1), bad}).status, 400);
    EXPECT_THAT(texts({}), ElementsAre());
    auto const partly = host_.post(api_ + "entries:write", {{"logName", log_},
                                                            {"resource", {{"type", "global"}}},
                                                            {"partialSuccess", true},
                                                            {"entries", {entry("a", 1), bad}}});
    EXPECT_EQ(partly.status, 400);
    EXPECT_EQ(partly.body.at_pointer("/error/details/0/logEntryErrors/1/code"), 3);
    EXPECT_THAT(texts({}), ElementsAre("a"));
    EXPECT_EQ(write({entry(std::string(limits::kLogEntryBytes, 'x'), 1)}).status, 400);
    EXPECT_EQ(write({entry("a", 1)}, "projects/sandbox-project/logs/no space").status, 400);
    EXPECT_EQ(write({entry("a", 1)}, "projects/no-such/logs/a").status, 403);
    EXPECT_EQ(host_.post(api_ + "entries:write", {{"logName", log_}, {"entries", {entry("a", 1)}}})
                  .status,
              400);
}

TEST_F(LoggingTest, LogsAreListedAndDeleted) {
    for (auto const* const id : {"one", "three", "two%2Fparts"}) {
        ASSERT_EQ(write({entry(id, 1)}, fmt::format("projects/sandbox-project/logs/{}", id)).status,
                  200);
    }
    auto const logs = api_ + "projects/sandbox-project/logs";
    auto const first = host_.get(logs + "?pageSize=2");
    EXPECT_EQ(first.body.at("logNames").as_array().size(), 2U);
    auto const second =
        host_.get(logs + "?pageToken=" + std::string(first.body.at("nextPageToken").as_string()));
    EXPECT_EQ(second.body.at_pointer("/logNames/0"), "projects/sandbox-project/logs/two%2Fparts");
    EXPECT_EQ(host_.remove(logs + "/two%2Fparts").status, 200);
    EXPECT_EQ(host_.remove(logs + "/two%2Fparts").status, 404);
    host_.restart();
    EXPECT_EQ(host_.get(logs).body.at("logNames").as_array().size(), 2U);
    EXPECT_THAT(texts({}), ElementsAre("one", "three"));
}

TEST(LogEntries, TheOldestGoWhenThereAreTooMany) {
    auto const folder = testing::TemporaryDirectory::make().release();
    auto store = Store::open(folder / "store.sqlite").release();
    auto outcome =
        sandbox::write<std::size_t>(store, [&](Transaction& transaction) -> Outcome<std::size_t> {
            WallTime now{std::chrono::seconds(1'000'000)};
            TRY(make_first_resources(transaction, now));
            auto const project = TRY(find_project(transaction, kFirstProject));
            for (std::size_t batch = 0; batch < 3; ++batch) {
                std::vector<json::object> entries;
                for (std::size_t index = 0; index < limits::kLogEntriesOfProject / 2; ++index) {
                    entries.push_back({{"logName", log_name(project, "a/b")},
                                       {"resource", {{"type", "global"}}},
                                       {"textPayload", fmt::format("{}", batch)}});
                }
                now += std::chrono::seconds(1);
                TRY(append_log_entries(transaction, project, now, std::move(entries)));
            }
            auto const page = TRY(list_log_entries(transaction, project, "", 100'000));
            EXPECT_EQ(page.entries.front().body.at("textPayload"), "1");
            EXPECT_EQ(page.entries.front().body.at("logName"),
                      "projects/sandbox-project/logs/a%2Fb");
            return page.entries.size();
        });
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(outcome.release(), limits::kLogEntriesOfProject);
}

}  // namespace
}  // namespace aipress::sandbox
