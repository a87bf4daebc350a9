// A tenant's record set in a real zone: the sandbox's Cloud DNS, answered by its Knot DNS.
#include "routing/records.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "routing/journaled.h"
#include "testing/fake_clock.h"
#include "testing/lossy_transport.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::routing {
namespace {

namespace json = boost::json;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;

constexpr char const* kHost = "tenant-001.sites.example";
constexpr char const* kOld = "ghs.googlehosted.com.";
constexpr char const* kNew = "aipress-shard-001.sites.example.";

// Asks for something else before a request is sent: what somebody else does just then.
class InterruptedTransport final : public gcp::Transport {
public:
    void before_next(std::string method, std::function<void()> act) {
        method_ = std::move(method);
        act_ = std::move(act);
    }
    Reply send(Context const& context, http::ClientRequest const& request) override {
        if (act_ && request.method == method_) std::exchange(act_, nullptr)();
        return network.send(context, request);
    }
    testing::LossyTransport network;

private:
    std::string method_;
    std::function<void()> act_;
};

class RecordsTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (host_.dns_port() == 0) GTEST_SKIP() << "Knot DNS (package knot) is not installed";
        ASSERT_EQ(
            host_
                .post(zones_,
                      {{"name", "sites"}, {"dnsName", "sites.example."}, {"description", "d"}})
                .status,
            200);
        change({set("CNAME", 300, {kOld})}, {});
    }
    static json::object set(std::string const& type, int ttl, json::array data) {
        return {{"name", std::string(kHost) + "."},
                {"type", type},
                {"ttl", ttl},
                {"rrdatas", std::move(data)}};
    }
    // By somebody else.
    void change(json::array additions, json::array deletions) {
        auto const made = host_.post(
            zones_ + "/sites/changes",
            json::object{{"additions", std::move(additions)}, {"deletions", std::move(deletions)}});
        ASSERT_EQ(made.status, 200) << made.text;
    }
    [[nodiscard]] Records records() const {
        return Records(connection_, {.project = "sandbox-project", .zone = "sites"},
                       dns::ServerAddress{.host = "127.0.0.1", .port = host_.dns_port()});
    }
    HostRecords current() { return must(records().read_current(context_, kHost)); }
    // What a visitor's resolver would be told.
    std::vector<std::string> answered(std::string const& type) {
        return must(dns::ask(context_, {.host = "127.0.0.1", .port = host_.dns_port()},
                             {.name = kHost, .type = type}))
            .set.data;
    }

    std::string const zones_ = "//dns.googleapis.com/dns/v1/projects/sandbox-project/managedZones";
    SystemClock clock_;
    testing::SandboxHost host_{clock_, {.data = {}, .with_name_server = true}};
    InterruptedTransport transport_;
    std::unique_ptr<gcp::TokenSource> const tokens_ = gcp::make_fixed_token("ya29.test");
    gcp::QuotaBroker quotas_{clock_};
    gcp::Connection const connection_{
        transport_, *tokens_, quotas_, {.endpoints = {{"", host_.url()}}, .retry = {.random = [] {
                                                                              return 0.0;
                                                                          }}}};
    Context const context_{clock_, Deadline::after(clock_, milliseconds(60'000)), {}};
};

TEST_F(RecordsTest, AHostMovesAndComesBack) {
    auto const before = current();
    EXPECT_EQ(describe(before), "CNAME ghs.googlehosted.com. (TTL 300)");

    auto const lowered = must(records().lower_ttl(context_, before, 60));
    // Every cache may have it for 300 s more.
    EXPECT_GT(lowered.forgotten_at, clock_.wall_now() + seconds(290));
    EXPECT_LE(lowered.forgotten_at, clock_.wall_now() + seconds(300));
    EXPECT_EQ(describe(current()), "CNAME ghs.googlehosted.com. (TTL 60)");

    transport_.network.lose("POST", "/changes");
    auto const moved = must(records().point_to(context_, lowered.records, {kNew}, 60));
    EXPECT_EQ(transport_.network.left(), 0);
    EXPECT_LE(moved.forgotten_at, clock_.wall_now() + seconds(60));
    EXPECT_THAT(answered("CNAME"), ElementsAre(kNew));

    EXPECT_THAT(records().restore(context_, moved.records, before), IsOk());
    EXPECT_THAT(answered("CNAME"), ElementsAre(kOld));
    EXPECT_EQ(current().sets, before.sets);
}

TEST_F(RecordsTest, WhatIsDoneIsDoneOnce) {
    auto const before = current();
    for (int i = 0; i < 2; ++i) {
        EXPECT_THAT(records().lower_ttl(context_, before, 60), IsOk());
    }
    auto const lowered = current();
    for (int i = 0; i < 2; ++i) {
        EXPECT_THAT(records().point_to(context_, lowered, {kNew}, 60), IsOk());
    }
    auto const changes = host_.get(zones_ + "/sites/changes").body.at("changes").as_array();
    EXPECT_EQ(changes.size(), 4) << "the zone's, the first record, two of ours";
    // Not even the last dot or capitals make another record of it.
    EXPECT_THAT(records().point_to(context_, lowered, {"AIPRESS-shard-001.sites.example"}, 60),
                IsOk());
    EXPECT_EQ(host_.get(zones_ + "/sites/changes").body.at("changes").as_array().size(), 4);
    // A TTL that is low enough is left, and nothing has to be waited for.
    auto const now = must(records().lower_ttl(context_, current(), 60));
    EXPECT_LE(now.forgotten_at, clock_.wall_now());
}

TEST_F(RecordsTest, AddressesMoveToANameAndBack) {
    change({set("A", 300, {"192.0.2.1", "192.0.2.2"}), set("AAAA", 300, {"2001:DB8::1"})},
           {set("CNAME", 300, {kOld})});
    auto const before = must(read_records(to_json(current())));
    ASSERT_EQ(before.sets.size(), 2);
    auto const lowered = must(records().lower_ttl(context_, before, 30));
    auto const moved = must(records().point_to(context_, lowered.records, {kNew}, 60));
    EXPECT_THAT(answered("A"), ElementsAre());
    EXPECT_THAT(answered("CNAME"), ElementsAre(kNew));
    EXPECT_THAT(records().restore(context_, moved.records, before), IsOk());
    EXPECT_THAT(answered("A"), ElementsAre("192.0.2.1", "192.0.2.2"));
    EXPECT_THAT(answered("AAAA"), ElementsAre("2001:db8::1"));
    EXPECT_EQ(current().sets, before.sets);
}

TEST_F(RecordsTest, AForeignRecordIsNotOverwritten) {
    auto const before = current();
    change({set("CNAME", 300, {"elsewhere.example."})}, {set("CNAME", 300, {kOld})});
    EXPECT_THAT(records().point_to(context_, before, {kNew}, 60),
                HasError(ErrorCode::FailedPrecondition,
                         AllOf(HasSubstr(kOld), HasSubstr(kNew), HasSubstr("elsewhere.example."),
                               HasSubstr("nothing is overwritten"))));
    EXPECT_THAT(records().lower_ttl(context_, before, 60), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_EQ(describe(current()), "CNAME elsewhere.example. (TTL 300)");
}

TEST_F(RecordsTest, AForeignChangeBetweenReadAndChangeIsSeen) {
    auto const before = current();
    transport_.before_next("POST", [&] {
        change({set("CNAME", 300, {"elsewhere.example."})}, {set("CNAME", 300, {kOld})});
    });
    EXPECT_THAT(records().point_to(context_, before, {kNew}, 60),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("elsewhere.example.")));
    EXPECT_EQ(describe(current()), "CNAME elsewhere.example. (TTL 300)");

    // Who does the same thing meanwhile has done it.
    auto const foreign = current();
    transport_.before_next("POST", [&] {
        change({set("CNAME", 60, {kNew})}, {set("CNAME", 300, {"elsewhere.example."})});
    });
    EXPECT_THAT(records().point_to(context_, foreign, {kNew}, 60), IsOk());
    EXPECT_THAT(answered("CNAME"), ElementsAre(kNew));
}

TEST_F(RecordsTest, NothingIsChangedThatTheNameServersDoNotAnswer) {
    auto const before = current();
    // A name server that does not answer for the zone: as a delegation to somewhere else.
    testing::SandboxHost other(clock_, {.data = {}, .with_name_server = true});
    Records const elsewhere(connection_, {.project = "sandbox-project", .zone = "sites"},
                            dns::ServerAddress{.host = "127.0.0.1", .port = other.dns_port()});
    EXPECT_THAT(elsewhere.point_to(context_.within(milliseconds(500)), before, {kNew}, 60),
                HasError(ErrorCode::DeadlineExceeded,
                         AllOf(HasSubstr("nothing was changed yet"), HasSubstr("REFUSED"))));
    EXPECT_EQ(current().sets, before.sets);
}

TEST_F(RecordsTest, WhatCannotBeDoneIsSaid) {
    auto const before = current();
    EXPECT_THAT(records().read_current(context_, "nobody.sites.example"),
                HasError(ErrorCode::NotFound, HasSubstr("nobody.sites.example")));
    for (std::uint32_t const ttl : {0U, 61U}) {
        EXPECT_THAT(records().lower_ttl(context_, before, ttl),
                    HasError(ErrorCode::InvalidArgument, HasSubstr("1 to 60")));
    }
    std::vector<std::vector<std::string>> const wrong{
        {}, {kNew, kOld}, {kNew, "192.0.2.1"}, {"not a name"}, {"a..b"}};
    for (auto const& data : wrong) {
        EXPECT_THAT(records().point_to(context_, before, data, 60),
                    HasCode(ErrorCode::InvalidArgument))
            << fmt::format("{}", fmt::join(data, " "));
    }
    Records const missing(connection_, {.project = "sandbox-project", .zone = "no-zone"});
    EXPECT_THAT(missing.read_current(context_, kHost), HasCode(ErrorCode::NotFound));
}

TEST(RecordsWait, TheOldTtlIsWaitedOut) {
    testing::FakeClock clock;
    Context const context(clock, Deadline::never(), {});
    auto const until = clock.wall_now() + seconds(300);
    EXPECT_THAT(wait_until(context, until), IsOk());
    EXPECT_EQ(clock.wall_now(), until);
    EXPECT_THAT(wait_until(context, until), IsOk());
    EXPECT_EQ(clock.wall_now(), until) << "it is over";
    Context const hurried(clock, Deadline::after(clock, milliseconds(10'000)), {});
    EXPECT_THAT(wait_until(hurried, until + seconds(60)), HasCode(ErrorCode::DeadlineExceeded));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(wait_until(context.stopped_by(stop.get_token()), until + seconds(600)),
                HasCode(ErrorCode::Cancelled));
}

}  // namespace
}  // namespace aipress::routing
