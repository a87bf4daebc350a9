// Public zones are answered: real queries to a real Knot DNS. Skipped where it is not installed.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/subprocess.h"
#include "sandbox/dns/dns_query.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;
using testing::must;
using testing::SandboxHost;

class DnsAnswersTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (host_.dns_port() == 0) GTEST_SKIP() << "Knot DNS (package knot) is not installed";
        if (!run_process(context_, {.arguments = {"kdig", "-V"}}).ok()) {
            GTEST_SKIP() << "kdig (package knot-dnsutils) is not installed";
        }
    }

    SystemClock clock_;
    Context const context_{clock_, Deadline::never(), {}};
    SandboxHost host_{clock_, {.data = {}, .with_name_server = true}};
    std::string const zones_ = "//dns.googleapis.com/dns/v1/projects/sandbox-project/managedZones";
    std::string const zone_ = zones_ + "/site1";

    void create_zone(std::string const& name, std::string const& visibility = "public") {
        auto const made = host_.post(zones_, {{"name", name},
                                              {"dnsName", "site1.example."},
                                              {"description", "d"},
                                              {"visibility", visibility}});
        ASSERT_EQ(made.status, 200) << made.text;
    }
    static json::object a(std::string const& name, std::string const& address, int ttl = 60) {
        return {{"name", name}, {"type", "A"}, {"ttl", ttl}, {"rrdatas", {address}}};
    }
    // Returns once it is done.
    void change(json::array additions, json::array deletions = {}) {
        auto const made = host_.post(
            zone_ + "/changes",
            json::object{{"additions", std::move(additions)}, {"deletions", std::move(deletions)}});
        ASSERT_EQ(made.status, 200) << made.text;
        wait_until_done(zone_ + "/changes/" + std::string(made.body.at("id").as_string()));
    }
    void wait_until_done(std::string const& path) {
        auto const late = clock_.now() + std::chrono::seconds(60);
        while (host_.get(path).body.at("status") != "done") {
            ASSERT_LT(clock_.now(), late) << path << " is not done";
        }
    }
    enum class Transport { Udp, Tcp };
    // What kdig prints of the answer: one record's data a line.
    std::string ask(std::string const& name, std::string const& type,
                    Transport transport = Transport::Udp) {
        auto const result = must(run_process(
            context_,
            {.arguments = {"kdig", "@127.0.0.1", "-p", fmt::format("{}", host_.dns_port()),
                           transport == Transport::Tcp ? "+tcp" : "+notcp", "+short", "+retry=0",
                           name, type}}));
        auto answer = result.standard_output;
        if (answer.ends_with(" \n")) answer.erase(answer.size() - 2, 1);  // after CAA
        return answer;
    }
    // The name server's process, which is a child of this one.
    pid_t server() {
        pid_t process = 0;
        std::ifstream(host_.data() / "dns" / "knot.pid") >> process;
        if (process <= 1) throw std::runtime_error("the name server has written no process id");
        return process;
    }
    Result<std::uint32_t> serial() {
        return ask_serial(context_, host_.dns_port(), "site1.example.");
    }
};

TEST_F(DnsAnswersTest, AChangeThatIsDoneIsAnswered) {
    create_zone("site1");
    wait_until_done(zone_ + "/changes/0");
    EXPECT_EQ(must(serial()), 1);
    EXPECT_EQ(ask("www.site1.example.", "A"), "");
    change({a("www.site1.example.", "192.0.2.1")});
    EXPECT_EQ(ask("www.site1.example.", "A"), "192.0.2.1\n");
    EXPECT_EQ(ask("www.site1.example.", "A", Transport::Tcp), "192.0.2.1\n");
    EXPECT_EQ(must(serial()), 2);
    // Again and again, so that one which is told too early is seen.
    for (int number = 2; number < 40; ++number) {
        auto const before = fmt::format("192.0.2.{}", number - 1);
        auto const after = fmt::format("192.0.2.{}", number);
        change({a("www.site1.example.", after)}, {a("www.site1.example.", before)});
        ASSERT_EQ(must(serial()), static_cast<std::uint32_t>(number + 1));
    }
    EXPECT_EQ(ask("www.site1.example.", "A"), "192.0.2.39\n");
}

TEST_F(DnsAnswersTest, EveryTypeIsAnswered) {
    create_zone("site1");
    json::array sets;
    std::vector<std::array<std::string, 3>> const records{
        {"v6", "AAAA", "2001:db8::1"},
        {"site1", "CAA", "0 issue \"ca.example\""},
        {"alias", "CNAME", "www.site1.example."},
        {"key", "DNSKEY", "256 3 8 AwEAAcw5QLr0IjC0wKbGoBPQv4qmeqHy9mvL5qGQTuaG5TSrNqEAR6b/"},
        {"sub", "NS", "ns.other.example."},
        {"sub", "DS", "60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"},
        {"web", "HTTPS", "1 . alpn=\"h2,h3\" port=8443"},
        {"ipsec", "IPSECKEY", "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="},
        {"site1", "MX", "10 mail.site1.example."},
        {"naptr", "NAPTR", R"(100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .)"},
        {"ptr", "PTR", "www.site1.example."},
        {"site1", "SPF", "\"v=spf1 -all\""},
        {"_sip._tcp", "SRV", "0 5 5060 sip.site1.example."},
        {"ssh", "SSHFP", "1 1 123456789ABCDEF67890123456789ABCDEF67890"},
        {"svc", "SVCB", "0 other.example."},
        {"_443._tcp", "TLSA",
         "3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971"},
        {"txt", "TXT", R"("a \"b\" ; c" "\195\164")"},
        {"*", "TXT", "\"wild\""}};
    auto const full_name = [](std::string const& label) {
        return label == "site1" ? "site1.example." : label + ".site1.example.";
    };
    for (auto const& [label, type, data] : records) {
        sets.push_back(json::object{
            {"name", full_name(label)}, {"type", type}, {"ttl", 60}, {"rrdatas", {data}}});
    }
    change(sets);
    for (auto const& [label, type, data] : records) {
        if (type == "NS") continue;  // a delegation is referred to, not answered
        auto const name = label == "*" ? "nobody.site1.example." : full_name(label);
        auto const answer = ask(name, type);
        EXPECT_FALSE(answer.empty()) << name << " " << type;
        // These are shown in another spelling.
        if (type == "SVCB" || type == "HTTPS") continue;
        EXPECT_EQ(answer, data + "\n") << type;
    }
}

TEST_F(DnsAnswersTest, AThousandAdditionsComeTogether) {
    create_zone("site1");
    json::array hosts;
    for (int number = 0; number < 1000; ++number) {
        hosts.push_back(a(fmt::format("h{}.site1.example.", number), "192.0.2.1"));
    }
    change(hosts);
    EXPECT_EQ(must(serial()), 2);
    EXPECT_EQ(ask("h0.site1.example.", "A"), "192.0.2.1\n");
    EXPECT_EQ(ask("h999.site1.example.", "A"), "192.0.2.1\n");
    change({}, hosts);
    EXPECT_EQ(ask("h999.site1.example.", "A"), "");
}

TEST_F(DnsAnswersTest, AfterARestartTheSameIsAnsweredOnTheSamePort) {
    create_zone("site1");
    change({a("www.site1.example.", "192.0.2.1")});
    auto const port = host_.dns_port();
    host_.restart();
    EXPECT_EQ(host_.dns_port(), port);
    EXPECT_EQ(ask("www.site1.example.", "A"), "192.0.2.1\n");
    EXPECT_EQ(must(serial()), 2);
}

TEST_F(DnsAnswersTest, AServerThatDiesIsStartedAgain) {
    create_zone("site1");
    change({a("www.site1.example.", "192.0.2.1")});
    auto const process = server();
    // Its id may be another's by the time that it is started again.
    std::ofstream(host_.data() / "dns" / "knot.pid") << ::getpid() << "\n";
    ASSERT_EQ(::kill(process, SIGKILL), 0);
    change({a("new.site1.example.", "192.0.2.2")});
    EXPECT_EQ(ask("www.site1.example.", "A"), "192.0.2.1\n");
    EXPECT_EQ(ask("new.site1.example.", "A"), "192.0.2.2\n");
}

TEST_F(DnsAnswersTest, NothingIsDoneWhileTheServerDoesNotAnswer) {
    create_zone("site1");
    wait_until_done(zone_ + "/changes/0");
    ASSERT_EQ(::kill(server(), SIGSTOP), 0);
    auto const made = host_.post(
        zone_ + "/changes", json::object{{"additions", {a("www.site1.example.", "192.0.2.1")}}});
    EXPECT_EQ(made.status, 200);
    for (int look = 0; look < 50; ++look) {
        EXPECT_EQ(host_.get(zone_ + "/changes/1").body.at("status"), "pending");
    }
    ASSERT_EQ(::kill(server(), SIGCONT), 0);
    wait_until_done(zone_ + "/changes/1");
    EXPECT_EQ(ask("www.site1.example.", "A"), "192.0.2.1\n");
}

TEST_F(DnsAnswersTest, OfZonesWithOneNameTheOldestIsAnswered) {
    create_zone("site1");
    wait_until_done(zone_ + "/changes/0");
    create_zone("site2");
    create_zone("inside", "private");
    for (auto const* const other : {"site2", "inside"}) {
        auto const made =
            host_.post(fmt::format("{}/{}/changes", zones_, other),
                       json::object{{"additions", {a("www.site1.example.", "192.0.2.2")}}});
        EXPECT_EQ(made.body.at("isServing"), false);
        EXPECT_EQ(host_.get(fmt::format("{}/{}/changes/1", zones_, other)).body.at("status"),
                  "done");
    }
    EXPECT_EQ(ask("www.site1.example.", "A"), "");
    EXPECT_EQ(host_.remove(zone_).status, 200);
    auto const late = clock_.now() + std::chrono::seconds(60);
    while (ask("www.site1.example.", "A") != "192.0.2.2\n") ASSERT_LT(clock_.now(), late);
    EXPECT_EQ(host_.remove(zones_ + "/site2/rrsets/www.site1.example./A").status, 200);
    EXPECT_EQ(host_.remove(zones_ + "/site2").status, 200);
    while (serial().ok()) ASSERT_LT(clock_.now(), late);
    EXPECT_EQ(serial().error().code(), ErrorCode::NotFound);
}

}  // namespace
}  // namespace aipress::sandbox::dns
