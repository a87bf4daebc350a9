// Visitors of a real HAProxy with deploy/haproxy/, while its routes change, its tenants are held
// and it dies.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <random>

#include "base/subprocess.h"
#include "edge/hold.h"
#include "edge/route_map.h"
#include "edge_stage.h"
#include "http/certificates.h"
#include "random_seed.h"
#include "testing/status_matchers.h"
#include "testing/tcp_gate.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"
#include "testing/wire.h"

namespace aipress::functional {
namespace {

using edge::Acknowledgement;
using edge::Holds;
using edge::Route;
using edge::RouteMap;
using edge::RouteTable;
using testing::HaproxyOptions;
using testing::HaproxyProcess;
using testing::HasCode;
using testing::IsOk;
using testing::must;
using testing::test_context;
using testing::Wire;
using Means = Acknowledgement::Means;

constexpr std::size_t kUploadBytes = 100'000'000;

class EdgeVisitors : public ::testing::Test {
protected:
    // False: skip.
    bool start(HaproxyOptions options = {}) {
        auto started = HaproxyProcess::start(std::move(options));
        if (!started.ok() && started.error().code() == ErrorCode::NotFound) {
            skipped_ = started.error().message();
            return false;
        }
        edge_ = must(std::move(started));
        routes_.emplace(edge::RouterAddress{.socket = edge_->socket(), .map = edge_->routes()});
        holds_.emplace(edge::HoldAddress{.socket = edge_->socket(), .map = edge_->held()});
        return true;
    }
    [[nodiscard]] static Route route(std::string host, std::string tenant, NamedSite const& site) {
        return {.host = std::move(host),
                .tenant = std::move(tenant),
                .endpoint = {.address = "127.0.0.1", .port = site.port()}};
    }
    Acknowledgement apply(std::vector<Route> const& routes) {
        return must(routes_->apply(test_context(), must(edge::make_table(++version_, routes))));
    }
    [[nodiscard]] std::string site_of(std::string const& host) const {
        auto const answer = visit_once(edge_->port(), host);
        return answer.status == 200 ? answer.text : fmt::format("{}", answer.status);
    }
    // As soon as it is so.
    void expect_waiting(std::uint64_t number) {
        auto const context = test_context().within(milliseconds(20'000));
        auto waiting = must(holds_->waiting(context, "acme"));
        while (waiting != number && context.sleep(milliseconds(20))) {
            waiting = must(holds_->waiting(context, "acme"));
        }
        EXPECT_EQ(waiting, number);
    }
    static void expect_no_failure(VisitCount const& count) {
        EXPECT_GT(count.answered, 0u);
        EXPECT_EQ(count.failed, 0u) << "of " << count.answered << ": " << count.first_failure;
    }

    NamedSite old_{"old"};
    NamedSite new_{"new"};
    std::optional<HaproxyProcess> edge_;
    std::optional<RouteMap> routes_;
    std::optional<Holds> holds_;
    std::string skipped_;
    std::uint64_t version_ = 0;
};

TEST_F(EdgeVisitors, RoutesChangeUnderLoadWithoutAFailedRequest) {
    if (!start()) GTEST_SKIP() << skipped_;
    std::vector<Route> const at_old{route("acme.aipress.test", "acme", old_),
                                    route("Shop.Acme.test.", "acme", old_),
                                    route("*.acme.test", "acme", new_)};
    auto at_new = at_old;
    at_new[0] = route("acme.aipress.test", "acme", new_);
    auto both = at_new;
    both[1] = route("shop.acme.test", "acme", new_);

    auto const first = apply(at_old);
    EXPECT_EQ(first.means, Means::Transaction);
    EXPECT_EQ(first.routes, 3u);
    // Names of all kinds.
    EXPECT_EQ(site_of("ACME.aipress.test.:8080"), "old");
    EXPECT_EQ(site_of("shop.acme.test"), "old") << "its own name goes before the wildcard";
    EXPECT_EQ(site_of("anything.acme.test"), "new");
    for (auto const* const unknown :
         {"acme.test", "a.b.acme.test", "nobody.test", ":version", "%2a", "x|y"}) {
        auto const answer = visit_once(edge_->port(), unknown);
        EXPECT_TRUE(answer.status == 404 || answer.status == 400) << unknown << answer.status;
    }
    EXPECT_NE(visit_once(edge_->port(), "nobody.test").text.find("There is no site"),
              std::string::npos);

    Visitors visitors(edge_->port(), "acme.aipress.test", 4);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(apply(at_new).means, Means::Commands);
        EXPECT_EQ(site_of("acme.aipress.test"), "new");
        EXPECT_EQ(apply(at_old).means, Means::Commands);
        EXPECT_EQ(site_of("acme.aipress.test"), "old");
        EXPECT_EQ(apply(both).means, Means::Transaction);
        EXPECT_EQ(site_of("shop.acme.test"), "new");
        EXPECT_EQ(apply(at_old).means, Means::Transaction);
        visitors.wait_for_answers(4);
    }
    auto const count = visitors.leave();
    expect_no_failure(count);
    EXPECT_GT(count.by_site.at("old"), 0u);
    EXPECT_GT(count.by_site.at("new"), 0u);

    // The acknowledged version is what the router itself says; old news is refused.
    EXPECT_EQ(must(routes_->read(test_context())).version, version_);
    EXPECT_THAT(routes_->apply(test_context(), must(edge::make_table(version_ - 1, at_new))),
                HasCode(ErrorCode::FailedPrecondition));
    auto const again = routes_->apply(test_context(), must(edge::make_table(version_, at_old)));
    EXPECT_EQ(must(again).means, Means::Nothing);
}

// Ten switches to and fro. While the tenant is held neither side may see a request of it.
TEST_F(EdgeVisitors, HeldRequestsAreAnsweredByTheNewSideWithoutAFailure) {
    if (!start()) GTEST_SKIP() << skipped_;
    old_.take(milliseconds(15));
    std::vector<Route> table{route("acme.test", "acme", old_), route("www.acme.test", "acme", old_),
                             route("calm.test", "calm", old_)};
    apply(table);
    Visitors visitors(edge_->port(), "acme.test", 4);
    Visitors www(edge_->port(), "www.acme.test", 2);
    // A site of its own, so that only acme's requests are out of place.
    NamedSite calm_site("calm");
    table[2] = route("calm.test", "calm", calm_site);
    apply(table);
    Visitors calm(edge_->port(), "calm.test", 2);

    for (int i = 0; i < 10; ++i) {
        auto& from = i % 2 == 0 ? old_ : new_;
        auto& to = i % 2 == 0 ? new_ : old_;
        visitors.wait_for_answers(8);
        ASSERT_THAT(holds_->hold(test_context(), "acme", milliseconds(15'000)), IsOk());
        ASSERT_THAT(holds_->wait_until_quiet(test_context(), "acme"), IsOk());
        from.close();
        to.close();
        // The fence: another tenant's visitors notice nothing.
        calm.wait_for_answers(10);
        EXPECT_EQ(must(holds_->in_flight(test_context(), "acme")), 0u);
        table[0] = route("acme.test", "acme", to);
        table[1] = route("www.acme.test", "acme", to);
        apply(table);
        to.open();
        ASSERT_THAT(holds_->release(test_context(), "acme"), IsOk());
        www.wait_for_answers(4);
    }
    expect_no_failure(visitors.leave());
    expect_no_failure(www.leave());
    expect_no_failure(calm.leave());
    EXPECT_EQ(old_.out_of_place(), 0u);
    EXPECT_EQ(new_.out_of_place(), 0u);
}

TEST_F(EdgeVisitors, OverTheBoundARequestIsAskedToComeAgain) {
    if (!start({.hold_requests = 2, .hold_ms = 1'500})) GTEST_SKIP() << skipped_;
    apply({route("acme.test", "acme", old_), route("calm.test", "calm", new_)});
    auto const hold = [&](milliseconds time) {
        ASSERT_THAT(holds_->hold(test_context(), "acme", time), IsOk());
    };
    hold(milliseconds(60'000));
    EXPECT_EQ(must(holds_->held(test_context())), std::vector<std::string>{"acme"});

    // Ten at once: two wait, and are told after their time; the others at once.
    std::vector<std::future<testing::HttpAnswer>> ten;
    auto const began = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) {
        ten.push_back(
            std::async(std::launch::async, [&] { return visit_once(edge_->port(), "acme.test"); }));
    }
    EXPECT_EQ(site_of("calm.test"), "new");
    for (auto& one : ten) {
        auto const answer = one.get();
        EXPECT_EQ(answer.status, 503);
        EXPECT_EQ(answer.header("Retry-After"), "5");
        EXPECT_NE(answer.text.find("One moment"), std::string::npos);
    }
    auto const took = elapsed_ms(began, std::chrono::steady_clock::now());
    EXPECT_GE(took.count(), 1'500);

    // It ends by itself: nobody released it.
    hold(milliseconds(300));
    EXPECT_EQ(site_of("acme.test"), "old");
    EXPECT_TRUE(must(holds_->held(test_context())).empty());
}

// Without it those who lose patience would fill a tenant's room until the hold's end.
TEST_F(EdgeVisitors, WhoHangsUpWhileHeldMakesRoom) {
    if (!start({.hold_requests = 2, .hold_ms = 30'000})) GTEST_SKIP() << skipped_;
    apply({route("acme.test", "acme", old_)});
    ASSERT_THAT(holds_->hold(test_context(), "acme", milliseconds(60'000)), IsOk());
    {
        Wire first(edge_->port());
        Wire second(edge_->port());
        first.say("GET / HTTP/1.1\r\nHost: acme.test\r\n\r\n");
        second.say("GET / HTTP/1.1\r\nHost: acme.test\r\n\r\n");
        expect_waiting(2);
        EXPECT_EQ(site_of("acme.test"), "503");
    }
    expect_waiting(0);
    auto waiting =
        std::async(std::launch::async, [&] { return visit_once(edge_->port(), "acme.test"); });
    expect_waiting(1);
    ASSERT_THAT(holds_->release(test_context(), "acme"), IsOk());
    EXPECT_EQ(waiting.get().text, "old");
}

TEST_F(EdgeVisitors, AfterItsDeathTheRouterIsFedAnew) {
    if (!start()) GTEST_SKIP() << skipped_;
    std::vector<Route> table;
    for (int i = 0; i < 2'000; ++i) {
        table.push_back(route(fmt::format("site{}.test", i), fmt::format("t{}", i), old_));
    }
    auto const before = apply(table);
    must(edge::write_map_file(edge_->routes(), must(routes_->read(test_context()))));

    // Of a large map few entries are changed one by one.
    table[7] = route("site7.test", "t7", new_);
    table[8] = route("site8.test", "t8", new_);
    table.pop_back();
    auto const changed = apply(table);
    EXPECT_EQ(changed.means, Means::Commands);
    EXPECT_EQ(changed.changes, 3u);
    EXPECT_EQ(changed.process, before.process);
    EXPECT_EQ(site_of("site1999.test"), "404");

    // It begins with what its file has, and says of which version that is.
    ASSERT_THAT(edge_->restart(), IsOk());
    EXPECT_EQ(site_of("site7.test"), "old");
    EXPECT_EQ(site_of("site1999.test"), "old");
    EXPECT_EQ(must(routes_->read(test_context())).version, version_ - 1);
    auto const resynced =
        must(routes_->apply(test_context(), must(edge::make_table(version_, table))));
    EXPECT_FALSE(resynced.process == before.process);
    EXPECT_EQ(resynced.changes, 3u);
    EXPECT_EQ(site_of("site7.test"), "new");
    EXPECT_EQ(site_of("site1999.test"), "404");

    // With an empty file, and under a RouteMap that remembers another process.
    std::ofstream(edge_->routes()).close();
    ASSERT_THAT(edge_->restart(), IsOk());
    EXPECT_EQ(site_of("site7.test"), "404");
    auto const full = must(routes_->apply(test_context(), must(edge::make_table(version_, table))));
    EXPECT_EQ(full.means, Means::Transaction);
    EXPECT_EQ(full.changes, 1'999u);
    EXPECT_EQ(site_of("site7.test"), "new");

    // What somebody else put in, twice or without sense, goes.
    auto runtime = must(edge::HaproxyRuntime::connect(test_context(), edge_->socket()));
    for (auto const* const words : {"site9.test nonsense", "extra.test t|http|127.0.0.1|1|",
                                    "site10.test t10|http|127.0.0.1|1|"}) {
        EXPECT_EQ(must(runtime.command(test_context(),
                                       fmt::format("add map {} {}", edge_->routes(), words))),
                  "");
    }
    EXPECT_EQ(apply(table).means, Means::Commands) << "nobody looked";
    static_cast<void>(must(routes_->read(test_context())));
    EXPECT_EQ(apply(table).means, Means::Transaction);
    EXPECT_EQ(must(runtime.show_map(test_context(), edge_->routes())).size(), 2'000u);

    // Dead: an error, and no more.
    edge_->kill();
    EXPECT_THAT(runtime.info(test_context()), HasCode(ErrorCode::Unavailable));
    EXPECT_THAT(routes_->apply(test_context(), {}), HasCode(ErrorCode::Unavailable));
}

// However much of it arrived: nobody sees a part of a table, and the next apply() mends it.
TEST_F(EdgeVisitors, ApplyIsSafeToRepeatWhenItsConnectionBreaks) {
    if (!start({.runtime = HaproxyOptions::Runtime::Tcp})) GTEST_SKIP() << skipped_;
    auto gate = must(testing::TcpGate::open(edge_->runtime_port()));
    RouteMap routes({.socket = fmt::format("127.0.0.1:{}", gate.port()), .map = edge_->routes()});
    auto const table_of = [&](NamedSite const& site, int moved) {
        std::vector<Route> table;
        for (int i = 0; i < 1'500; ++i) {
            table.push_back(route(fmt::format("site{}.test", i), "t", i < moved ? site : old_));
        }
        return must(edge::make_table(++version_, table));
    };
    must(routes.apply(test_context(), table_of(new_, 0)));
    auto const seed = first_seed();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);

    Visitors visitors(edge_->port(), "site1499.test", 2);
    int broken = 0;
    for (int i = 0; i < 30; ++i) {
        // 20 by commands, all by a transaction.
        auto const& site = i % 4 < 2 ? new_ : old_;
        auto const wanted = table_of(site, i % 2 == 0 ? 20 : 1'400);
        auto applying =
            std::async(std::launch::async, [&] { return routes.apply(test_context(), wanted); });
        test_context().sleep(milliseconds(random() % 15));
        gate.cut();
        auto const applied = applying.get();
        if (applied.ok()) continue;
        EXPECT_THAT(applied, HasCode(ErrorCode::Unavailable));
        ++broken;
        auto const mended = must(routes.apply(test_context(), wanted));
        EXPECT_EQ(mended.version, version_);
        auto has = must(
            RouteMap({.socket = edge_->socket(), .map = edge_->routes()}).read(test_context()));
        EXPECT_EQ(has, wanted);
    }
    EXPECT_GT(broken, 0);
    // No entry twice, and nothing left of transactions that were never committed.
    auto runtime = must(edge::HaproxyRuntime::connect(test_context(), edge_->socket()));
    EXPECT_EQ(must(runtime.show_map(test_context(), edge_->routes())).size(), 1'501u);
    expect_no_failure(visitors.leave());
}

TEST_F(EdgeVisitors, WebsocketsUploadsAndTlsPass) {
    testing::TemporaryDirectory const folder = must(testing::TemporaryDirectory::make());
    auto const authority = must(http::CertificateAuthority::open(folder.path()));
    auto const wildcard = must(authority.issue("*.aipress.test"));
    if (!start({.certificate = wildcard.certificate + wildcard.private_key,
                .authority = authority.certificate()})) {
        GTEST_SKIP() << skipped_;
    }
    NamedSite service("service", &authority);
    auto secure = route("acme.aipress.test", "acme", service);
    secure.endpoint.scheme = edge::Scheme::Https;
    secure.endpoint.authority = "acme-x7.run.test";
    EchoSite echo;
    Route const chat{.host = "chat.test",
                     .tenant = "chat",
                     .endpoint = {.address = "127.0.0.1", .port = echo.port()}};
    apply({secure, chat, route("plain.test", "plain", old_)});

    auto const answer = visit_once(edge_->port(), "acme.aipress.test");
    EXPECT_EQ(answer.text, "service");
    EXPECT_EQ(answer.header("X-Asked"), "acme-x7.run.test http");

    auto const url = fmt::format("https://acme.aipress.test:{}/", edge_->tls_port());
    auto const by_tls =
        must(run_process(test_context(), {.arguments = {"curl", "-sS", "-i", "--noproxy", "*",
                                                        "--cacert", (folder / "ca.pem").string(),
                                                        "--connect-to", "::127.0.0.1:", url}}));
    EXPECT_NE(by_tls.standard_output.find("acme-x7.run.test https"), std::string::npos)
        << by_tls.standard_output << by_tls.standard_error;

    {
        Wire visitor(edge_->port());
        visitor.say(
            "GET /chat HTTP/1.1\r\nHost: chat.test\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        EXPECT_THAT(visitor.hear_until("\r\n\r\n"), ::testing::StartsWith("HTTP/1.1 101 "));
        visitor.say("marco");
        EXPECT_EQ(visitor.hear_until("marco"), "marco");
        // A switch waits for it no longer than it is told to.
        EXPECT_EQ(must(holds_->in_flight(test_context(), "chat")), 1u);
        EXPECT_THAT(holds_->wait_until_quiet(test_context().within(milliseconds(50)), "chat"),
                    HasCode(ErrorCode::DeadlineExceeded));
    }
    EXPECT_THAT(holds_->wait_until_quiet(test_context(), "chat"), IsOk());

    testing::HttpClient client;
    auto const uploaded = client.send({.verb = "POST",
                                       .url = fmt::format("http://127.0.0.1:{}/", edge_->port()),
                                       .body = std::string(kUploadBytes, 'x'),
                                       .headers = {{"Host", "plain.test"}}});
    EXPECT_EQ(uploaded.text, std::to_string(kUploadBytes));
}

}  // namespace
}  // namespace aipress::functional
