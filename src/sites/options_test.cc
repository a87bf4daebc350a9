#include "sites/options.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "poc/php_value.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::sites {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;
using ::testing::Not;
using testing::test_context;

class OptionsTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        auto started = testing::DatabaseServer::start({});
        if (started.ok()) server_.emplace(started.release());
    }
    static void TearDownTestSuite() { server_.reset(); }
    void SetUp() override {
        if (!server_) GTEST_SKIP() << "no mariadbd on this machine";
        for (auto const* const site : {"old", "new"}) make_site(site);
    }
    static void make_site(std::string const& site) {
        server_->execute(fmt::format("CREATE OR REPLACE DATABASE {}", site));
        server_->execute(fmt::format(
            "CREATE TABLE {}.wp_options (option_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, "
            "option_name VARCHAR(191) UNIQUE, option_value LONGTEXT NOT NULL)",
            site));
        set(site, "siteurl", "http://shop.test");
        set(site, "home", "http://shop.test");
        set(site, "blogname", "a:b");
        set(site, "active_plugins",
            poc::php_serialized(json::array{"seo/seo.php", "akismet/akismet.php"}));
        set(site, "seo_titles",
            poc::php_serialized(json::object{{"separator", "–"}, {"noindex", false}}));
    }
    static void set(std::string const& site, std::string_view name, std::string_view value) {
        server_->execute(
            fmt::format("REPLACE INTO {}.wp_options (option_name, option_value) VALUES ({}, {})",
                        site, mysql::quote_text(name), mysql::quote_text(value)));
    }
    static Result<OptionsReport> check(std::string const& site, std::string_view prefix = "wp_") {
        auto connection = server_->connect_root(site);
        return check_options(test_context(), connection, prefix);
    }

    static std::optional<testing::DatabaseServer> server_;
};
std::optional<testing::DatabaseServer> OptionsTest::server_;

TEST_F(OptionsTest, AreReadAndCompared) {
    auto const before = must(check("old"));
    EXPECT_EQ(before.options, 5u);
    EXPECT_EQ(before.serialized, 2u);
    EXPECT_EQ(before.broken, 0u);
    EXPECT_EQ(before.site_url, "http://shop.test");
    EXPECT_THAT(before.active_plugins, ElementsAre("akismet/akismet.php", "seo/seo.php"));
    EXPECT_THAT(compare_options(before, must(check("new"))), IsEmpty());
    // The same plugins in another order are the same set.
    set("new", "active_plugins",
        poc::php_serialized(json::array{"akismet/akismet.php", "seo/seo.php"}));
    set("new", "_transient_feed", "later");
    EXPECT_THAT(compare_options(before, must(check("new"))), IsEmpty());
}

TEST_F(OptionsTest, ASearchAndReplaceOnTextIsFound) {
    auto const before = must(check("old"));
    set("new", "home", "http://other.test");
    set("new", "active_plugins", poc::php_serialized(json::array{"seo/seo.php"}));
    set("new", "secret_of_a_plugin", "a:1:{s:3:\"key\";s:7:\"hunter22\";}");
    auto const after = must(check("new"));
    EXPECT_EQ(after.broken, 1u);
    auto const differences = compare_options(before, after);
    EXPECT_THAT(differences,
                ElementsAre("home was \"http://shop.test\", is \"http://other.test\"",
                            "active_plugins was \"akismet/akismet.php, seo/seo.php\", is "
                            "\"seo/seo.php\"",
                            "option secret_of_a_plugin does not unserialize any more: byte 27: "
                            "'\"' is missing"));
    for (auto const& difference : differences) EXPECT_THAT(difference, Not(HasSubstr("hunter")));
    // What was broken before is not the move's doing.
    set("old", "secret_of_a_plugin", "a:1:{s:3:\"key\";s:7:\"hunter22\";}");
    EXPECT_THAT(compare_options(must(check("old")), after),
                Not(::testing::Contains(HasSubstr("unserialize"))));
}

TEST_F(OptionsTest, BrokenPluginsAreADifference) {
    auto const before = must(check("old"));
    set("new", "active_plugins", "a:1:{i:0;s:11:\"seo/seo.ph");
    EXPECT_THAT(compare_options(before, must(check("new"))),
                ::testing::Contains(HasSubstr("option active_plugins does not unserialize")));
}

TEST_F(OptionsTest, WhatIsNoSiteIsSaid) {
    EXPECT_THAT(check("old", "wp_`; DROP"), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(check("old", "xx_"), HasError(ErrorCode::NotFound, HasSubstr("xx_options")));
    server_->execute("DELETE FROM new.wp_options WHERE option_name = 'home'");
    EXPECT_THAT(check("new"), HasError(ErrorCode::DataLoss, HasSubstr("no home")));
}

TEST_F(OptionsTest, ManyRowsAreStreamed) {
    server_->execute(
        "INSERT INTO new.wp_options (option_name, option_value) SELECT CONCAT('plugin_cache_', "
        "seq), 'a:1:{i:0;s:3:\"cut\"' FROM new.seq_1_to_5000");
    auto const report = must(check("new"));
    EXPECT_EQ(report.options, 5'005u);
    EXPECT_EQ(report.broken, 5'000u);
    EXPECT_EQ(report.broken_options.size(), 50u);
}

}  // namespace
}  // namespace aipress::sites
