#include "sites/probe.h"

#include <gmock/gmock.h>

#include "base/sha256.h"
#include "sites/page_faults.h"
#include "testing/stand_in_site.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sites {
namespace {

using testing::HasError;
using ::testing::HasSubstr;
using testing::must;
using testing::StandInSite;
using testing::test_context;
using Look = StandInSite::Look;

class ProbeTest : public ::testing::Test {
protected:
    [[nodiscard]] Visitor visitor(std::string const& url = "http://shop.test") const {
        return Visitor(must(make_vantage_point("visitors", url, site_.address())));
    }
    [[nodiscard]] SitePlan plan() const {
        auto there = visitor();
        return must(plan_site(test_context(), there, "shop.test"));
    }
    [[nodiscard]] static PageProbe look(Visitor there, SitePlan const& plan, PageKind kind) {
        return must(probe_page(test_context(), there, plan, *plan.find(kind)));
    }
    // Answers one path so, and the others as they are.
    void fail_with(std::string path, http::Response response) {
        site_.set_fault([path = std::move(path), response = std::move(response)](
                            http::Request const& request) -> std::optional<http::Response> {
            if (request.path != path) return std::nullopt;
            return response;
        });
    }
    void fail_with(std::string path, int status, std::string body,
                   http::Headers headers = {{"Content-Type", "text/html"}}) {
        http::Response response;
        response.status = status;
        response.headers = std::move(headers);
        response.body = std::move(body);
        fail_with(std::move(path), std::move(response));
    }

    StandInSite site_;
};

TEST_F(ProbeTest, APlanIsWhatTheSiteHas) {
    auto const made = plan();
    EXPECT_EQ(made.title, "Ada's shop");
    ASSERT_EQ(made.pages.size(), 5u);
    EXPECT_EQ(made.find(PageKind::Post)->target, "/hello/");
    EXPECT_EQ(made.find(PageKind::Rest)->target, "/wp-json/");
    EXPECT_EQ(made.find(PageKind::Media)->target, "/wp-content/uploads/a.png");
    EXPECT_EQ(made.find(PageKind::Media)->sha256, sha256_hex("\x89PNG picture"));
    auto there = visitor();
    auto const round = must(probe(test_context(), there, made));
    EXPECT_TRUE(round.is_good());
    for (auto const& page : round.pages) {
        EXPECT_EQ(page.status, 200) << page.what;
        EXPECT_GT(page.bytes, 0u);
        EXPECT_TRUE(page.is_reached);
    }
}

TEST_F(ProbeTest, PlainPermalinksAndAHiddenApiAreFollowed) {
    site_.change([](Look& look) { look.permalinks = Look::Permalinks::Plain; });
    auto const plain = plan();
    EXPECT_EQ(plain.find(PageKind::Post)->target, "/?p=1");
    EXPECT_EQ(plain.find(PageKind::Rest)->target, "/?rest_route=/");
    EXPECT_TRUE(look(visitor(), plain, PageKind::Rest).is_good());
    site_.change([](Look& look) { look.api = Look::Api::Hidden; });
    auto const hidden = plan();
    EXPECT_EQ(hidden.pages.size(), 2u);
    EXPECT_EQ(hidden.title, "");
}

TEST_F(ProbeTest, AHiddenLoginIsExpectedToStayHidden) {
    fail_with("/wp-login.php", 404, "<html>no</html>");
    auto const hidden = plan();
    EXPECT_EQ(hidden.find(PageKind::Login)->status, 404);
    EXPECT_TRUE(look(visitor(), hidden, PageKind::Login).is_good());
    site_.set_fault({});
    EXPECT_EQ(look(visitor(), hidden, PageKind::Login).trouble, Trouble::WrongStatus);
}

TEST_F(ProbeTest, ASiteThatIsNotWellMakesNoPlan) {
    fail_with("/", StandInSite::no_database());
    auto there = visitor();
    EXPECT_THAT(plan_site(test_context(), there, "shop.test"),
                HasError(ErrorCode::FailedPrecondition,
                         HasSubstr("shop.test is not well: front page: WordPress has no "
                                   "database (status 500)")));
}

TEST_F(ProbeTest, APageWithoutADatabaseIsAFailureWhateverItsStatus) {
    auto const made = plan();
    for (int const status : {200, 500}) {
        fail_with("/", StandInSite::no_database(status));
        auto const page = look(visitor(), made, PageKind::Front);
        EXPECT_EQ(page.trouble, Trouble::DatabaseError) << page.what;
        EXPECT_FALSE(is_mismatch(page.trouble));
    }
    fail_with("/wp-json/", StandInSite::no_database());
    EXPECT_EQ(look(visitor(), made, PageKind::Rest).trouble, Trouble::DatabaseError);
    // An article about it is none.
    fail_with("/", 200,
              "<html><h1 class=\"title\">Error establishing a database connection</h1>"
              "<p>Error establishing a database connection: what to do</p></html>");
    EXPECT_TRUE(look(visitor(), made, PageKind::Front).is_good());
}

TEST_F(ProbeTest, OtherErrorsAreToldApart) {
    auto const made = plan();
    struct Case {
        int status;
        std::string body;
        Trouble trouble;
    };
    for (auto const& [status, body, trouble] : std::vector<Case>{
             {503, "Briefly unavailable", Trouble::ServerError},
             {200, "<html><body id=\"error-page\">critical error</body></html>",
              Trouble::PageError},
             {200, "<html><br />\n<b>Fatal error</b>:  Uncaught", Trouble::PageError},
             {200, "<html><p>half a page", Trouble::PageError},
             {200, "", Trouble::PageError},
             {404, "<html></html>", Trouble::WrongStatus},
         }) {
        fail_with("/", status, body);
        auto const page = look(visitor(), made, PageKind::Front);
        EXPECT_EQ(page.trouble, trouble) << status << body << page.what;
        EXPECT_THAT(page.what, HasSubstr("front page: "));
    }
    fail_with("/wp-json/", 200, "<html>front page again</html>");
    EXPECT_EQ(look(visitor(), made, PageKind::Rest).trouble, Trouble::PageError);
}

TEST_F(ProbeTest, AnotherSiteAndOtherBytesAreMismatches) {
    auto const made = plan();
    site_.change([](Look& look) { look.title = "Bob's blog"; });
    auto const other = look(visitor(), made, PageKind::Rest);
    EXPECT_EQ(other.trouble, Trouble::WrongSite);
    EXPECT_TRUE(is_mismatch(other.trouble));
    EXPECT_EQ(other.what, "REST API: another site answers: \"Bob's blog\", not \"Ada's shop\"");
    site_.change([](Look& look) {
        look.title = "Ada's shop";
        look.home = "https://other.test";
    });
    EXPECT_THAT(look(visitor(), made, PageKind::Rest).what,
                HasSubstr("its home is \"https://other.test\", not shop.test"));
    site_.change([](Look& look) { look.media = "other"; });
    auto const media = look(visitor(), made, PageKind::Media);
    EXPECT_EQ(media.trouble, Trouble::WrongBytes);
    EXPECT_THAT(media.what, HasSubstr("media file: other bytes: 5 with SHA-256 "));
}

TEST_F(ProbeTest, TheServicesUrlLeadsToTheSitesName) {
    auto const made = plan();
    site_.change([](Look& look) { look.home = "https://shop.test"; });
    fail_with("/", 301, "", {{"Location", "https://shop.test/"}});
    auto const page = look(visitor("https://shop-1.run.app"), made, PageKind::Front);
    EXPECT_TRUE(page.is_good()) << page.what;
    EXPECT_TRUE(page.is_redirect);
    // Asked by that name itself, over what the address speaks, it is the way to HTTPS.
    EXPECT_TRUE(look(visitor("https://shop.test"), made, PageKind::Front).is_good());
    EXPECT_TRUE(look(visitor("https://shop-1.run.app"), made, PageKind::Rest).is_good());
    // To where it came from, or to somebody else, is no answer.
    fail_with("/", 301, "", {{"Location", "http://shop.test/"}});
    EXPECT_EQ(look(visitor(), made, PageKind::Front).trouble, Trouble::WrongStatus);
    fail_with("/", 302, "", {{"Location", "http://evil.test/"}});
    EXPECT_THAT(look(visitor(), made, PageKind::Front).what,
                HasSubstr("302 instead of 200, to \"evil.test\""));
}

TEST_F(ProbeTest, WhoDoesNotAnswerIsNoErrorOfTheProbe) {
    auto const made = plan();
    http::Response cut;
    cut.cut.emplace();
    fail_with("/", cut);
    EXPECT_EQ(look(visitor(), made, PageKind::Front).trouble, Trouble::Broken);
    auto there = visitor();
    site_.stop();
    auto const round = must(probe(test_context(), there, made));
    for (auto const& page : round.pages) {
        EXPECT_EQ(page.trouble, Trouble::NoConnection) << page.what;
        EXPECT_FALSE(page.is_reached);
    }
}

TEST_F(ProbeTest, AContextThatIsOverIsAnError) {
    auto const made = plan();
    auto there = visitor();
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(probe(test_context().stopped_by(stop.get_token()), there, made),
                testing::HasCode(ErrorCode::Cancelled));
}

}  // namespace
}  // namespace aipress::sites
