// A real WordPress of the sandbox's, as src/sites sees it: whole, and broken in ways that happen.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/sha256.h"
#include "poc/google.h"
#include "poc/tenant.h"
#include "poc/uploads.h"
#include "sandbox/run/web_server.h"
#include "sandbox/sql/server.h"
#include "sites/observe.h"
#include "sites/options.h"
#include "sites/validate.h"
#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/tcp_gate.h"

namespace aipress {
namespace {

namespace json = boost::json;
using fleet::Outcome;
using fleet::Trigger;
using sites::CheckOutcome;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;
using ::testing::Not;

constexpr char const* kRun = "run.googleapis.com/v2/";
constexpr char const* kServices = "projects/aipress-project/locations/us-central1/services";

Context patient_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(300'000)), std::stop_token()};
}

class SiteWatchTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (auto const programs = sandbox::run::find_web_programs(); !programs.ok()) {
            GTEST_SKIP() << programs.error().message();
        }
        if (!sandbox::find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
        auto const seeded =
            must(testing::run_aipress(patient_context(), {"sandbox", "seed-poc", "--tenants", "2",
                                                          "--data", sandbox_.data().string()}));
        ASSERT_EQ(seeded.status.code, 0) << seeded.describe();
        auto const web_port = sandbox_.announcement().web_port;
        google_.emplace(patient_context(), poc::Ports{sandbox_.port(), web_port});
        address_ = fmt::format("127.0.0.1:{}", web_port);
        auto const service = must(google_->get(fmt::format("{}{}/tenant-001", kRun, kServices)));
        visitors_ = way("visitors", "http://" + tenant_.host());
        service_ = way("service", poc::text_at(service, "/uri"));
        look_before();
    }
    void look_before() {
        sites::Visitor visitor(visitors_);
        input_.plan = must(sites::plan_site(patient_context(), visitor, tenant_.host()));
        input_.before = must(sites::read_content_facts(patient_context(), visitor));
        input_.administrator =
            sites::Login{std::string(poc::kAdministrator), tenant_.administrator_password()};
        input_.open_session =
            must(sites::open_session(patient_context(), visitor, *input_.administrator));
        auto const uploads = poc::plan_uploads(tenant_);
        auto const& upload = uploads.front();
        auto const& file = upload.original();
        auto const bytes = must(google_bytes(tenant_.bucket(), file.name));
        input_.files = {{"/wp-content/uploads/" + file.name, bytes.size(), sha256_hex(bytes)}};
    }
    [[nodiscard]] sites::VantagePoint way(std::string name, std::string const& url) const {
        return must(sites::make_vantage_point(std::move(name), url, address_));
    }
    Result<std::string> google_bytes(std::string const& bucket, std::string const& name) {
        auto answer = ask(
            "GET", "storage.googleapis.com",
            fmt::format("/storage/v1/b/{}/o/{}?alt=media", bucket, http::percent_encoded(name)));
        return answer.text;
    }
    testing::HttpAnswer ask(std::string const& verb, std::string const& host,
                            std::string const& path, json::value const& body = nullptr) {
        auto answer = client_.send({.verb = verb,
                                    .url = sandbox_.url() + path,
                                    .body = body.is_null() ? "" : json::serialize(body),
                                    .headers = {{"Host", host},
                                                {"Authorization", "Bearer ya29.test"},
                                                {"Content-Type", "application/json"}}});
        EXPECT_LT(answer.status, 300) << path << ": " << answer.text;
        return answer;
    }
    sites::Validation validate(sites::VantagePoint const& way) {
        sites::Visitor visitor(way);
        return must(sites::validate(patient_context(), visitor, input_));
    }
    sites::Observed observe() {
        return must(sites::observe(
            patient_context(),
            {.plan = input_.plan, .now = {visitors_, service_}, .baseline = {service_}},
            {.window = milliseconds(1'000),
             .window_most = milliseconds(30'000),
             .interval = milliseconds(10)},
            {}));
    }
    void expect_whole();
    // Each answer of the same site comes later, and nothing else is wrong with it.
    void expect_caught_when_slow();

    // Of the service of the first tenant.
    void set_environment(json::array const& environment) {
        auto const path = fmt::format("{}/tenant-001", kServices);
        auto service = must(google_->get(kRun + path)).as_object();
        service.at("template").at("containers").at(0).at("env") = environment;
        service.at("template").as_object().erase("revision");
        auto const started = ask("PATCH", "run.googleapis.com", "/v2/" + path,
                                 json::object{{"template", service.at("template")}});
        must(google_->wait(kRun + poc::text_at(started.body, "/name")));
    }
    json::array environment_of(std::string const& tenant) {
        auto const service = must(google_->get(fmt::format("{}{}/{}", kRun, kServices, tenant)));
        return service.at("template").at("containers").at(0).at("env").as_array();
    }
    void wait_for_sql(json::value const& started) {
        must(google_->wait(fmt::format("sqladmin.googleapis.com/v1/projects/{}/operations/{}",
                                       poc::kProject, poc::text_at(started, "/name"))));
    }
    [[nodiscard]] std::string instance_path() const {
        return fmt::format("/v1/projects/{}/instances/{}", poc::kProject, tenant_.instance());
    }
    void set_password(std::string const& password) {
        wait_for_sql(ask("PUT", "sqladmin.googleapis.com",
                         instance_path() + "/users?name=wordpress&host=%25",
                         json::object{{"password", password}})
                         .body);
    }
    void set_activation(std::string const& policy) {
        wait_for_sql(ask("PATCH", "sqladmin.googleapis.com", instance_path(),
                         json::object{{"settings", json::object{{"activationPolicy", policy}}}})
                         .body);
    }

    testing::SandboxProcess sandbox_;
    testing::HttpClient client_;
    std::optional<poc::Google> google_;
    poc::Tenant tenant_ = poc::make_tenant(1, 1);
    std::string address_;
    sites::VantagePoint visitors_;
    sites::VantagePoint service_;
    sites::ValidationInput input_;
};

void SiteWatchTest::expect_whole() {
    auto const result = validate(visitors_);
    EXPECT_EQ(result.checks.size(), 12u);
    for (auto const& check : result.checks) {
        EXPECT_EQ(check.outcome, CheckOutcome::Pass)
            << check.name << ": " << check.expected << ", but " << check.actual << check.reason;
    }
    auto const report = json::serialize(to_json(result));
    EXPECT_THAT(report, Not(HasSubstr(tenant_.administrator_password())));
    EXPECT_THAT(report, Not(HasSubstr("wordpress_logged_in")));
    // By the service's own URL it is the same site; sessions belong to a host.
    auto by_service = input_;
    by_service.open_session.reset();
    sites::Visitor visitor(service_);
    for (auto const& check : must(sites::validate(patient_context(), visitor, by_service)).checks) {
        EXPECT_NE(check.outcome, CheckOutcome::Fail) << check.name << ": " << check.actual;
    }
}

void SiteWatchTest::expect_caught_when_slow() {
    auto gate = must(testing::TcpGate::open(sandbox_.announcement().web_port));
    gate.delay(milliseconds(70));
    auto const slow = [&](sites::VantagePoint way) {
        way.base = fmt::format("http://127.0.0.1:{}", gate.port());
        return way;
    };
    auto plan = input_.plan;
    plan.pages = {*plan.find(sites::PageKind::Front)};
    auto const seen = must(sites::observe(
        patient_context(),
        {.plan = plan, .now = {slow(visitors_), slow(service_)}, .baseline = {service_}},
        {.window = milliseconds(5'000),
         .window_most = milliseconds(120'000),
         .interval = milliseconds(10)},
        {}));
    EXPECT_EQ(seen.verdict.outcome, Outcome::Fail) << seen.verdict.reason;
    EXPECT_THAT(seen.verdict.reason, HasSubstr("in a second window front page (service)"));
    EXPECT_EQ(seen.now[0].failures(), 0u);
}

TEST_F(SiteWatchTest, AWholeSiteAndABrokenOne) {
    // As WordPress itself made and filled it.
    EXPECT_EQ(input_.plan.pages.size(), 5u);
    EXPECT_EQ(input_.plan.title, tenant_.title);
    EXPECT_EQ(input_.before->posts, tenant_.size.posts);
    EXPECT_EQ(input_.before->permalinks, sites::ContentFacts::Permalinks::Pretty);
    EXPECT_THAT(input_.before->theme, HasSubstr("twenty"));
    expect_whole();
    auto const well = observe();
    EXPECT_EQ(well.verdict.outcome, Outcome::Pass) << well.verdict.reason;
    EXPECT_GE(well.rounds, 15u);
    EXPECT_EQ(well.now[0].failures(), 0u);

    expect_caught_when_slow();

    // The host leads to another tenant's site.
    auto const own = environment_of("tenant-001");
    set_environment(environment_of("tenant-002"));
    auto const wrong = observe();
    EXPECT_EQ(wrong.verdict.outcome, Outcome::Fail) << wrong.verdict.reason;
    EXPECT_EQ(wrong.rounds, 1u);
    EXPECT_THAT(wrong.verdict.finding(Trigger::Integrity).strict.reason,
                HasSubstr("another site answers"));
    EXPECT_EQ(validate(visitors_).find("identity")->outcome, CheckOutcome::Fail);
    EXPECT_EQ(validate(visitors_).find("open session")->outcome, CheckOutcome::Fail);
    set_environment(own);
    expect_whole();

    // A password that the site does not have.
    set_password("another-password");
    auto const locked_out = observe();
    EXPECT_EQ(locked_out.verdict.outcome, Outcome::Fail) << locked_out.verdict.reason;
    EXPECT_TRUE(locked_out.mismatches.empty());
    // Media need no database.
    EXPECT_EQ(locked_out.now[0].failures(), 4 * locked_out.rounds);
    EXPECT_THAT(validate(visitors_).find("front page")->actual,
                HasSubstr("WordPress has no database"));
    set_password(tenant_.database_password());
    expect_whole();

    // A database server that does not run.
    set_activation("NEVER");
    auto const stopped = observe();
    EXPECT_EQ(stopped.verdict.outcome, Outcome::Fail) << stopped.verdict.reason;
    set_activation("ALWAYS");
    expect_whole();
}

TEST_F(SiteWatchTest, TheOptionsOfARealSiteUnserialize) {
    auto const instance = must(google_->get("sqladmin.googleapis.com" + instance_path()));
    mysql::Endpoint database;
    database.host = poc::text_at(instance, "/ipAddresses/0/ipAddress");
    database.user = database.database = poc::kDatabase;
    database.password = tenant_.database_password();
    auto connection = must(mysql::Connection::open(patient_context(), database));
    auto const report = must(sites::check_options(patient_context(), connection, "wp_"));
    EXPECT_EQ(report.broken, 0u) << report.broken_options.front().name;
    EXPECT_GT(report.options, 100u);
    EXPECT_GT(report.serialized, 20u);
    EXPECT_THAT(report.home, HasSubstr(tenant_.host()));
    EXPECT_THAT(sites::compare_options(report, report), IsEmpty());
}

}  // namespace
}  // namespace aipress
