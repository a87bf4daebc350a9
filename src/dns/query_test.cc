// Questions to a real name server: the sandbox's Knot DNS. Skipped where it is not installed.
#include "dns/query.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <thread>

#include "base/file_descriptor.h"
#include "dns/name_servers.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::dns {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;

TEST(DnsServerAddress, IsReadInItsSpellings) {
    EXPECT_EQ(must(parse_server("192.0.2.1")), (ServerAddress{.host = "192.0.2.1", .port = 53}));
    EXPECT_EQ(must(parse_server("192.0.2.1:5353")),
              (ServerAddress{.host = "192.0.2.1", .port = 5353}));
    EXPECT_EQ(must(parse_server("2001:db8::1")),
              (ServerAddress{.host = "2001:db8::1", .port = 53}));
    EXPECT_EQ(to_string(must(parse_server("[2001:db8::1]:54"))), "[2001:db8::1]:54");
    for (auto const* const text : {"", "ns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:x",
                                   "192.0.2.1:65536", "[2001:db8::1", "[2001:db8::1]54"}) {
        EXPECT_THAT(parse_server(text), HasCode(ErrorCode::InvalidArgument)) << text;
    }
}

// A port that hears and says nothing.
class SilentServer {
public:
    SilentServer() : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof own;
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr const*>(&own), size), 0);
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size);
        address_ = {.host = "127.0.0.1", .port = ntohs(own.sin_port)};
    }
    [[nodiscard]] ServerAddress const& address() const { return address_; }

private:
    FileDescriptor socket_;
    ServerAddress address_;
};

TEST(DnsSilentServer, IsWaitedForUntilTheDeadlineOrTheStop) {
    SystemClock clock;
    SilentServer const silent;
    Question const question{.name = "a.example.", .type = "A"};
    Context const hurried(clock, Deadline::after(clock, milliseconds(50)), {});
    EXPECT_THAT(ask(hurried, silent.address(), question),
                HasError(ErrorCode::DeadlineExceeded,
                         AllOf(HasSubstr("asking for a.example. A"),
                               HasSubstr(to_string(silent.address())), HasSubstr("no answer"))));
    std::stop_source stop;
    Context const patient(clock, Deadline::never(), stop.get_token());
    std::jthread const stopper([&] {
        clock.sleep_for(milliseconds(20), {});
        stop.request_stop();
    });
    auto const begun = clock.now();
    EXPECT_THAT(ask(patient, silent.address(), question), HasCode(ErrorCode::Cancelled));
    EXPECT_LT(elapsed_ms(begun, clock.now()), milliseconds(1'000));
}

class DnsQueryTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (host_.dns_port() == 0) GTEST_SKIP() << "Knot DNS (package knot) is not installed";
        ASSERT_EQ(
            host_
                .post(zones_,
                      {{"name", "sites"}, {"dnsName", "sites.example."}, {"description", "d"}})
                .status,
            200);
    }
    static json::object set(std::string const& name, std::string const& type, json::array data) {
        return {{"name", name}, {"type", type}, {"ttl", 300}, {"rrdatas", std::move(data)}};
    }
    // Does not wait until it is served.
    void change(json::array additions, json::array deletions = {}) {
        auto const made = host_.post(
            zones_ + "/sites/changes",
            json::object{{"additions", std::move(additions)}, {"deletions", std::move(deletions)}});
        ASSERT_EQ(made.status, 200) << made.text;
    }
    [[nodiscard]] Context within(int ms) {
        return {clock_, Deadline::after(clock_, milliseconds(ms)), {}};
    }
    [[nodiscard]] ServerAddress server() const {
        return {.host = "127.0.0.1", .port = host_.dns_port()};
    }
    [[nodiscard]] std::vector<NameServer> servers() const {
        return {{.name = "one", .addresses = {server()}}, {.name = "two", .addresses = {server()}}};
    }
    Answer answer(std::string const& name, std::string const& type) {
        return must(ask(within(20'000), server(), {.name = name, .type = type}));
    }

    std::string const zones_ = "//dns.googleapis.com/dns/v1/projects/sandbox-project/managedZones";
    SystemClock clock_;
    testing::SandboxHost host_{clock_, {.data = {}, .with_name_server = true}};
};

TEST_F(DnsQueryTest, AServerAnswersWhatItHasAndWhatItHasNot) {
    change({set("www.sites.example.", "CNAME", {"Ghs.Googlehosted.com."}),
            set("a.sites.example.", "A", {"192.0.2.2", "192.0.2.1"})});
    RecordSet const alias{.name = "www.sites.example.",
                          .type = "CNAME",
                          .ttl = 300,
                          .data = {"ghs.googlehosted.com."}};
    ASSERT_THAT(wait_until_served(within(20'000), servers(), {alias}), IsOk());
    auto const found = answer("WWW.sites.example", "cname");
    EXPECT_EQ(found.set, alias);
    EXPECT_TRUE(found.is_authoritative);
    EXPECT_EQ(found.response, "NOERROR");
    EXPECT_THAT(answer("a.sites.example.", "A").set.data, ElementsAre("192.0.2.1", "192.0.2.2"));
    auto const other_type = answer("www.sites.example.", "A");
    EXPECT_THAT(other_type.set.data, ElementsAre());
    EXPECT_EQ(other_type.alias, "ghs.googlehosted.com.");
    auto const nothing = answer("nobody.sites.example.", "A");
    EXPECT_EQ(nothing.response, "NXDOMAIN");
    EXPECT_TRUE(nothing.is_known());
    auto const foreign = answer("www.elsewhere.example.", "A");
    EXPECT_EQ(foreign.response, "REFUSED");
    EXPECT_FALSE(foreign.is_known());
}

TEST_F(DnsQueryTest, WhatIsTooLongForADatagramComesByTcp) {
    json::array addresses;
    for (int i = 1; i <= 90; ++i) addresses.emplace_back(fmt::format("192.0.2.{}", i));
    change({set("many.sites.example.", "A", addresses)});
    RecordSet wanted{.name = "many.sites.example.", .type = "A", .ttl = 300};
    for (auto const& address : addresses) wanted.data.emplace_back(address.as_string());
    ASSERT_THAT(wait_until_served(within(20'000), servers(), {wanted}), IsOk());
    auto const all = answer("many.sites.example.", "A");
    EXPECT_EQ(all.set.data.size(), 90);
    EXPECT_FALSE(all.is_truncated);
}

TEST_F(DnsQueryTest, AllServersAreWaitedFor) {
    RecordSet const wanted{
        .name = "late.sites.example.", .type = "A", .ttl = 300, .data = {"192.0.2.7"}};
    EXPECT_THAT(wait_until_served(within(300), servers(), {wanted}),
                HasError(ErrorCode::DeadlineExceeded,
                         AllOf(HasSubstr("should be A 192.0.2.7 (TTL 300)"),
                               HasSubstr("one answers no A"), HasSubstr("two answers no A"))));
    std::jthread const later([&] {
        clock_.sleep_for(milliseconds(100), {});
        change({set("late.sites.example.", "A", {"192.0.2.7"})});
    });
    EXPECT_THAT(wait_until_served(within(20'000), servers(), {wanted}), IsOk());
    auto other_ttl = wanted;
    other_ttl.ttl = 60;
    EXPECT_THAT(wait_until_served(within(100), servers(), {other_ttl}),
                HasCode(ErrorCode::DeadlineExceeded));
    // That there is none can be waited for, too.
    RecordSet const none{.name = "late.sites.example.", .type = "AAAA"};
    EXPECT_THAT(wait_until_served(within(20'000), servers(), {wanted, none}), IsOk());
    // One that is down is not passed over.
    SilentServer const silent;
    auto some = servers();
    some.push_back({.name = "three", .addresses = {silent.address()}});
    EXPECT_THAT(wait_until_served(within(300), some, {wanted}),
                HasError(ErrorCode::DeadlineExceeded, HasSubstr(to_string(silent.address()))));
    // Where nothing listens, that is heard at once, and the next address is asked.
    some.back().addresses = {{.host = "127.0.0.1", .port = 1}, server()};
    EXPECT_THAT(wait_until_served(within(20'000), some, {wanted}), IsOk());
}

TEST_F(DnsQueryTest, AddressesOfNameServersAreFound) {
    change({set("ns1.sites.example.", "A", {"192.0.2.1"}),
            set("ns1.sites.example.", "AAAA", {"2001:db8::1"}),
            set("ns2.sites.example.", "AAAA", {"2001:db8::2"})});
    ASSERT_THAT(
        wait_until_served(
            within(20'000), servers(),
            {{.name = "ns2.sites.example.", .type = "AAAA", .ttl = 300, .data = {"2001:db8::2"}}}),
        IsOk());
    auto const found = must(
        find_addresses(within(20'000), {server()}, {"ns1.sites.example.", "ns2.sites.example."}));
    ASSERT_EQ(found.size(), 2);
    EXPECT_THAT(found[0].addresses, ElementsAre(ServerAddress{.host = "192.0.2.1"},
                                                ServerAddress{.host = "2001:db8::1"}));
    EXPECT_THAT(found[1].addresses, ElementsAre(ServerAddress{.host = "2001:db8::2"}));
    EXPECT_THAT(find_addresses(within(20'000), {server()}, {"ns3.sites.example."}),
                HasError(ErrorCode::NotFound, HasSubstr("ns3.sites.example.")));
    EXPECT_THAT(find_addresses(within(20'000), {server()}, {}),
                HasCode(ErrorCode::InvalidArgument));
}

TEST(DnsResolvers, AreReadFromTheFile) {
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const file = (folder / "resolv.conf").string();
    std::ofstream(file) << "search example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n";
    EXPECT_THAT(must(system_resolvers(file)), ElementsAre(ServerAddress{.host = "192.0.2.53"},
                                                          ServerAddress{.host = "2001:db8::53"}));
    std::ofstream(file) << "search example\n";
    EXPECT_THAT(system_resolvers(file), HasError(ErrorCode::NotFound, HasSubstr(file)));
    EXPECT_THAT(system_resolvers(file + ".gone"), HasCode(ErrorCode::NotFound));
}

}  // namespace
}  // namespace aipress::dns
