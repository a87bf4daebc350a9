#include "sites/validate.h"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "base/sha256.h"
#include "testing/stand_in_site.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sites {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;
using ::testing::Not;
using testing::StandInSite;
using testing::test_context;
using ::testing::UnorderedElementsAre;
using Look = StandInSite::Look;

constexpr char const* kFile = "/wp-content/uploads/a.png";

class ValidateTest : public ::testing::Test {
protected:
    ValidateTest()
        : visitor_(must(make_vantage_point("visitors", "http://shop.test", site_.address()))) {
        input_.plan = must(plan_site(test_context(), visitor_, "shop.test"));
        input_.before = must(read_content_facts(test_context(), visitor_));
        input_.administrator = Login{"admin", "correct horse"};
        input_.open_session = must(open_session(test_context(), visitor_, *input_.administrator));
        std::string const bytes = "\x89PNG picture";
        input_.files = {{kFile, bytes.size(), sha256_hex(bytes)}};
    }
    Validation run() { return must(validate(test_context(), visitor_, input_)); }
    std::vector<std::string> failed() {
        std::vector<std::string> names;
        for (auto const& check : run().failed()) names.push_back(check.name);
        return names;
    }

    StandInSite site_;
    Visitor visitor_;
    ValidationInput input_;
};

TEST_F(ValidateTest, AWholeSitePassesEveryCheck) {
    auto const result = run();
    EXPECT_TRUE(result.passed());
    std::vector<std::string> names;
    for (auto const& check : result.checks) {
        names.push_back(check.name);
        EXPECT_EQ(check.outcome, CheckOutcome::Pass) << check.name << ": " << check.actual;
        EXPECT_NE(check.expected, "");
        EXPECT_NE(check.actual, "");
    }
    EXPECT_THAT(names, ElementsAre("front page", "post", "login page", "REST API", "media file",
                                   "identity", "content", "media file /wp-content/uploads/a.png",
                                   "permalinks", "cron", "administrator's login", "open session"));
}

TEST_F(ValidateTest, WhatIsNotKnownIsSkippedWithAReason) {
    input_.before.reset();
    input_.administrator.reset();
    input_.open_session.reset();
    input_.files.clear();
    input_.plan.pages.pop_back();
    auto const result = run();
    EXPECT_TRUE(result.passed());
    for (auto const* const name :
         {"media file", "content", "administrator's login", "open session"}) {
        ASSERT_NE(result.find(name), nullptr);
        EXPECT_EQ(result.find(name)->outcome, CheckOutcome::Skipped);
        EXPECT_NE(result.find(name)->reason, "") << name;
    }
}

TEST_F(ValidateTest, EachLossFailsItsOwnCheck) {
    site_.change([](Look& look) { look.posts = 6; });
    EXPECT_THAT(failed(), ElementsAre("content"));
    EXPECT_EQ(run().find("content")->actual, "posts 7 -> 6");
    site_.change([](Look& look) {
        look.posts = 7;
        look.salt = "new";
    });
    EXPECT_THAT(failed(), ElementsAre("open session"));
    EXPECT_EQ(run().find("open session")->actual, "the site asks to log in");
    site_.change([](Look& look) { look.password = "other"; });
    EXPECT_THAT(failed(), ElementsAre("administrator's login", "open session"));
    site_.change([](Look& look) { look = {.media = "changed"}; });
    EXPECT_THAT(failed(), ElementsAre("media file", "media file /wp-content/uploads/a.png"));
    site_.change([](Look& look) { look = {.title = "Bob's blog"}; });
    EXPECT_THAT(failed(), ElementsAre("REST API", "identity", "content"));
    site_.change([](Look& look) { look = {}; });
    site_.set_fault([](http::Request const& request) -> std::optional<http::Response> {
        if (request.path != "/wp-cron.php") return std::nullopt;
        return StandInSite::no_database(200);
    });
    EXPECT_THAT(failed(), ElementsAre("cron"));
}

TEST_F(ValidateTest, VisitorsMayHaveWrittenMeanwhile) {
    site_.change([](Look& look) { look.comments = 5; });
    auto const result = run();
    EXPECT_TRUE(result.passed());
    EXPECT_EQ(result.find("content")->actual, "more: comments 3 -> 5");
}

TEST_F(ValidateTest, PlainPermalinksThatWerePrettyAreALoss) {
    site_.change([](Look& look) { look.permalinks = Look::Permalinks::Plain; });
    EXPECT_THAT(failed(), ::testing::IsSupersetOf({"post", "content"}));
    EXPECT_THAT(run().find("content")->actual, HasSubstr("permalinks pretty -> plain"));
}

TEST_F(ValidateTest, ADeadDatabaseFailsAllThatNeedsOne) {
    site_.set_fault([](http::Request const& request) -> std::optional<http::Response> {
        if (request.path.starts_with("/wp-content/")) return std::nullopt;
        return StandInSite::no_database();
    });
    EXPECT_THAT(failed(),
                UnorderedElementsAre("front page", "post", "login page", "REST API", "identity",
                                     "content", "cron", "administrator's login", "open session"));
}

TEST_F(ValidateTest, NothingSecretIsInTheReport) {
    auto const report = boost::json::serialize(to_json(run()));
    EXPECT_THAT(report, HasSubstr("\"passed\":true"));
    EXPECT_THAT(report, Not(HasSubstr("correct horse")));
    EXPECT_THAT(report, Not(HasSubstr("wordpress_logged_in")));
    site_.stop();
    EXPECT_THAT(boost::json::serialize(to_json(run())), Not(HasSubstr("correct")));
}

TEST_F(ValidateTest, ASessionIsOpenedOrRefused) {
    EXPECT_THAT(open_session(test_context(), visitor_, {"admin", "hunter2"}),
                HasError(ErrorCode::Unauthenticated, Not(HasSubstr("hunter2"))));
    using State = SessionCheck::State;
    EXPECT_EQ(must(session_is_valid(test_context(), visitor_, {})).state, State::LoggedOut);
    EXPECT_EQ(must(session_is_valid(test_context(), visitor_, *input_.open_session)).state,
              State::Valid);
    // The cookie that WordPress deletes is not kept.
    EXPECT_THAT(input_.open_session->cookies, Not(HasSubstr("wordpress_sec_0")));
    site_.set_fault([](http::Request const&) { return std::optional(StandInSite::no_database()); });
    EXPECT_EQ(must(session_is_valid(test_context(), visitor_, {})).state, State::Unclear);
    EXPECT_THAT(open_session(test_context(), visitor_, {"admin", "x"}),
                HasCode(ErrorCode::FailedPrecondition));
}

TEST_F(ValidateTest, FactsAreReadAndCompared) {
    auto const& before = *input_.before;
    EXPECT_EQ(before.title, "Ada's shop");
    EXPECT_EQ(before.theme, "twentytwentythree");
    EXPECT_EQ(before.posts, 7u);
    EXPECT_EQ(before.pages, 2u);
    EXPECT_EQ(before.comments, 3u);
    EXPECT_EQ(before.media, 1u);
    EXPECT_EQ(before.newest_post, "/hello/");
    EXPECT_THAT(compare_facts(before, before), IsEmpty());
    auto after = before;
    after.comments.reset();
    after.theme = "other";
    after.home = "https://shop.test";
    auto const differences = compare_facts(before, after);
    ASSERT_EQ(differences.size(), 2u);
    EXPECT_EQ(differences[0].what, "theme");
    EXPECT_EQ(differences[1].kind, FactDifference::Kind::Lost);
    EXPECT_EQ(differences[1].after, "unknown");
}

}  // namespace
}  // namespace aipress::sites
