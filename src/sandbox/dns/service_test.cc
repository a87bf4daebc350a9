// Cloud DNS as its clients see it, without a name server: see answers_test.cc.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/sandbox_host.h"

namespace aipress::sandbox::dns {
namespace {

namespace json = boost::json;
using testing::HttpAnswer;
using testing::SandboxHost;

class DnsServiceTest : public ::testing::Test {
protected:
    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const project_ = "//dns.googleapis.com/dns/v1/projects/sandbox-project";
    std::string const zones_ = project_ + "/managedZones";
    std::string const zone_ = zones_ + "/site1";

    HttpAnswer create_zone(std::string const& name, std::string const& dns_name,
                           std::string const& visibility = "public") {
        return host_.post(zones_, {{"name", name},
                                   {"dnsName", dns_name},
                                   {"description", "d"},
                                   {"visibility", visibility}});
    }
    static json::object set(std::string const& name, std::string const& type, json::array data,
                            int ttl = 300) {
        return {{"kind", "dns#resourceRecordSet"},
                {"name", name},
                {"type", type},
                {"ttl", ttl},
                {"rrdatas", std::move(data)}};
    }
    HttpAnswer change(json::array additions, json::array deletions = {}) {
        return host_.post(zone_ + "/changes", json::object{{"additions", std::move(additions)},
                                                           {"deletions", std::move(deletions)}});
    }
    static std::string message(HttpAnswer const& answer) {
        return std::string(answer.body.at_pointer("/error/message").as_string());
    }
    std::string soa() {
        auto const answer = host_.get(zone_ + "/rrsets/site1.example./SOA");
        return std::string(answer.body.at_pointer("/rrdatas/0").as_string());
    }
};

TEST_F(DnsServiceTest, AProjectTellsItsQuota) {
    auto const answer = host_.get(project_);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.at_pointer("/quota/rrsetAdditionsPerChange"), 1000);
    EXPECT_EQ(answer.body.at_pointer("/quota/rrsetsPerManagedZone"), 10000);
    EXPECT_EQ(answer.body.at("id"), "sandbox-project");
}

TEST_F(DnsServiceTest, AZoneBeginsWithItsNsAndItsSoa) {
    auto const made = create_zone("site1", "Site1.Example.");
    EXPECT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("dnsName"), "site1.example.");
    EXPECT_EQ(made.body.at_pointer("/nameServers/3"), "ns-cloud-a4.googledomains.com.");
    EXPECT_EQ(made.body.at_pointer("/cloudLoggingConfig/kind"),
              "dns#managedZoneCloudLoggingConfig");
    auto const sets = host_.get(zone_ + "/rrsets").body.at("rrsets").as_array();
    ASSERT_EQ(sets.size(), 2);
    EXPECT_EQ(sets[0].at("type"), "NS");
    EXPECT_EQ(sets[0].at("ttl"), 21600);
    EXPECT_EQ(soa(),
              "ns-cloud-a1.googledomains.com. cloud-dns-hostmaster.google.com. 1 21600 3600 259200 "
              "300");
    auto const first = host_.get(zone_ + "/changes/0");
    EXPECT_EQ(first.body.at("additions").as_array().size(), 2);
    // By its id as by its name.
    auto const id = std::string(made.body.at("id").as_string());
    EXPECT_EQ(host_.get(zones_ + "/" + id).body.at("name"), "site1");
}

TEST_F(DnsServiceTest, AZoneIsCheckedAndItsNameGivenOnce) {
    ASSERT_EQ(create_zone("site1", "site1.example.").status, 200);
    auto const again = create_zone("site1", "other.example.");
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.reason(), "alreadyExists");
    EXPECT_EQ(message(again), "The resource 'entity.managedZone' named 'site1' already exists");
    auto const none = host_.get(zones_ + "/none");
    EXPECT_EQ(none.status, 404);
    EXPECT_EQ(none.reason(), "notFound");
    EXPECT_EQ(none.body.at_pointer("/error/status"), "NOT_FOUND");
    EXPECT_EQ(message(none),
              "managedZone \"projects/sandbox-project/managedZones/none\" not found");
    EXPECT_EQ(message(create_zone("Site", "a.example.")),
              "Invalid value for 'entity.managedZone.name': 'Site'");
    EXPECT_EQ(message(create_zone("site2", "a.example")),
              "Invalid value for 'entity.managedZone.dnsName': 'a.example'");
    auto const bare = host_.post(zones_, {{"name", "site3"}, {"dnsName", "a.example."}});
    EXPECT_EQ(bare.reason(), "required");
    EXPECT_EQ(message(bare),
              "The 'entity.managedZone.description' parameter is required but was missing.");
}

TEST_F(DnsServiceTest, ZonesOfOneNameHaveNameServersOfTheirOwn) {
    for (auto const letter : {'a', 'b', 'c', 'd', 'e'}) {
        auto const made = create_zone(fmt::format("zone-{}", letter), "site1.example.");
        EXPECT_EQ(made.body.at_pointer("/nameServers/0"),
                  json::value(fmt::format("ns-cloud-{}1.googledomains.com.", letter)));
    }
    auto const sixth = create_zone("zone-f", "site1.example.");
    EXPECT_EQ(sixth.status, 400);
    EXPECT_EQ(sixth.reason(), "managedZoneDnsNameNotAvailable");
    EXPECT_EQ(host_.remove(zones_ + "/zone-b").status, 200);
    EXPECT_EQ(create_zone("zone-f", "site1.example.").body.at_pointer("/nameServers/0"),
              "ns-cloud-b1.googledomains.com.");
    EXPECT_EQ(create_zone("private", "site1.example.", "private").status, 200);
}

TEST_F(DnsServiceTest, AZoneIsPatchedReplacedAndTheOperationsKept) {
    create_zone("site1", "site1.example.");
    auto const patched = host_.patch(zone_ + "?clientOperationId=mine",
                                     {{"name", "site1"}, {"labels", {{"wave", "one"}}}});
    EXPECT_EQ(patched.status, 200) << patched.text;
    EXPECT_EQ(patched.body.at("kind"), "dns#operation");
    EXPECT_EQ(patched.body.at("status"), "done");
    EXPECT_EQ(patched.body.at("type"), "UPDATE");
    EXPECT_FALSE(patched.body.at_pointer("/zoneContext/oldValue").as_object().contains("labels"));
    EXPECT_EQ(patched.body.at_pointer("/zoneContext/newValue/labels/wave"), "one");
    EXPECT_EQ(host_.get(zone_).body.at_pointer("/labels/wave"), "one");
    EXPECT_EQ(host_.get(zone_ + "/operations/mine").body, patched.body);
    EXPECT_EQ(
        host_.put(zone_, {{"name", "site1"}, {"dnsName", "site1.example."}, {"description", "new"}})
            .status,
        200);
    EXPECT_FALSE(host_.get(zone_).body.as_object().contains("labels"));
    EXPECT_EQ(host_.get(zone_ + "/operations").body.at("operations").as_array().size(), 2);
    EXPECT_EQ(host_.get(zone_ + "/operations/none").status, 404);
    auto const moved = host_.patch(zone_, {{"dnsName", "site2.example."}});
    EXPECT_EQ(moved.status, 400);
    EXPECT_EQ(message(moved), "The field 'entity.managedZone.dnsName' cannot be modified.");
}

TEST_F(DnsServiceTest, ListsArePaged) {
    for (auto const* const name : {"a", "b", "c"})
        create_zone(name, fmt::format("{}.example.", name));
    auto const page = host_.get(zones_ + "?maxResults=2");
    EXPECT_EQ(page.body.at("managedZones").as_array().size(), 2);
    auto const token = std::string(page.body.at("nextPageToken").as_string());
    auto const rest = host_.get(zones_ + "?maxResults=2&pageToken=" + token);
    EXPECT_EQ(rest.body.at_pointer("/managedZones/0/name"), "c");
    EXPECT_FALSE(rest.body.as_object().contains("nextPageToken"));
    auto const named = host_.get(zones_ + "?dnsName=b.example.");
    EXPECT_EQ(named.body.at("managedZones").as_array().size(), 1);
    EXPECT_EQ(host_.get(zones_ + "?pageToken=%21").status, 400);
}

TEST_F(DnsServiceTest, AChangeIsMadeWholeAndTheSerialGrows) {
    create_zone("site1", "site1.example.");
    auto const made = change({set("www.site1.example.", "A", {"192.0.2.1", "192.0.2.2"}),
                              set("txt.site1.example.", "TXT", {"hello"})});
    EXPECT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("kind"), "dns#change");
    EXPECT_EQ(made.body.at("id"), "1");
    EXPECT_EQ(made.body.at("status"), "pending");
    EXPECT_THAT(soa(), ::testing::HasSubstr(" 2 21600"));
    EXPECT_EQ(host_.get(zone_ + "/rrsets/txt.site1.example./TXT").body.at_pointer("/rrdatas/0"),
              "\"hello\"");

    auto const failed = change({set("new.site1.example.", "A", {"192.0.2.1"})},
                               {set("www.site1.example.", "A", {"192.0.2.1"})});
    EXPECT_EQ(failed.status, 412);
    EXPECT_EQ(failed.reason(), "conditionNotMet");
    EXPECT_EQ(message(failed), "Precondition not met for 'entity.change.deletions[0]'");
    EXPECT_EQ(host_.get(zone_ + "/rrsets/new.site1.example./A").status, 404);
    EXPECT_THAT(soa(), ::testing::HasSubstr(" 2 21600"));

    auto const swapped = change({set("www.site1.example.", "A", {"198.51.100.1"}, 60)},
                                {set("www.site1.example.", "A", {"192.0.2.2", "192.0.2.1"})});
    EXPECT_EQ(swapped.status, 200) << swapped.text;
    host_.restart();
    auto const kept = host_.get(zone_ + "/rrsets/www.site1.example./A");
    EXPECT_EQ(kept.body.at_pointer("/rrdatas/0"), "198.51.100.1");
    EXPECT_EQ(kept.body.at("ttl"), 60);
    EXPECT_THAT(soa(), ::testing::HasSubstr(" 3 21600"));
}

TEST_F(DnsServiceTest, AChangeThatCannotBeIsSaidInGooglesWords) {
    create_zone("site1", "site1.example.");
    change({set("www.site1.example.", "A", {"192.0.2.1"})});
    struct Wrong {
        json::object addition;
        std::string_view reason;
        std::string_view message;
    };
    for (auto const& [addition, reason, text] : std::vector<Wrong>{
             {set("www.other.example.", "A", {"192.0.2.1"}), "invalid",
              "Invalid value for 'entity.change.additions[0].name': 'www.other.example.'"},
             {set("a.site1.example", "A", {"192.0.2.1"}), "invalid",
              "Invalid value for 'entity.change.additions[0].name': 'a.site1.example'"},
             {set("a.site1.example.", "GROUP", {"192.0.2.1"}), "invalid",
              "Invalid value for 'entity.change.additions[0].type': 'GROUP'"},
             {set("a.site1.example.", "A", {"192.0.2.1", "X.X.X.X"}), "invalid",
              "Invalid value for 'entity.change.additions[0].rrdata[1]': 'X.X.X.X'"},
             {set("a.site1.example.", "A", {}), "invalid",
              "Invalid value for 'entity.change.additions[0].rrdata': ''"},
             {set("a.site1.example.", "A", {"192.0.2.1"}, -1), "invalid",
              "Invalid value for 'entity.change.additions[0].ttl': '-1'"},
             {{{"type", "A"}},
              "required",
              "The 'entity.change.additions[0].name' parameter is required but was missing."},
             {set("a.site1.example.", "CNAME", {"a.", "b."}), "invalidRecordCount",
              "The resource record set 'entity.change.additions[0]' is only permitted to have one "
              "record because it is of type CNAME."},
             {set("www.site1.example.", "CNAME", {"a."}), "cnameResourceRecordSetConflict",
              "The resource record set 'entity.change.additions[0]' is invalid because the DNS "
              "name 'www.site1.example.' may have either one CNAME resource record set or "
              "resource record sets of other types, but not both."}}) {
        auto const answer = change({addition});
        EXPECT_EQ(answer.status, 400) << answer.text;
        EXPECT_EQ(answer.reason(), reason);
        EXPECT_EQ(message(answer), text);
    }
    auto const present = change({set("www.site1.example.", "A", {"192.0.2.7"})});
    EXPECT_EQ(present.status, 409);
    EXPECT_EQ(present.reason(), "alreadyExists");
    auto const missing = change({}, {set("a.site1.example.", "A", {"192.0.2.7"})});
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(message(missing),
              "The 'entity.change.deletions[0]' resource named 'a.site1.example. (A)' does not "
              "exist.");
    EXPECT_EQ(change({}).reason(), "required");
    EXPECT_THAT(soa(), ::testing::HasSubstr(" 2 21600"));
}

TEST_F(DnsServiceTest, AClientsOwnSoaIsTakenWhenItIsNewer) {
    create_zone("site1", "site1.example.");
    auto const own = [](int serial) {
        return set("site1.example.", "SOA",
                   {fmt::format("ns-cloud-a1.googledomains.com. cloud-dns-hostmaster.google.com. "
                                "{} 21600 3600 259200 300",
                                serial)},
                   21600);
    };
    EXPECT_EQ(change({own(10)}, {own(1)}).status, 200);
    EXPECT_THAT(soa(), ::testing::HasSubstr(" 10 21600"));
    EXPECT_EQ(change({own(5)}, {own(10)}).status, 200);
    EXPECT_THAT(soa(), ::testing::HasSubstr(" 11 21600"));
    auto const removed = change({}, {own(11)});
    EXPECT_EQ(removed.status, 400);
    EXPECT_EQ(removed.reason(), "invalidZoneApex");
}

TEST_F(DnsServiceTest, ChangesAreListedBothWays) {
    create_zone("site1", "site1.example.");
    for (auto const* const host : {"a", "b", "c"}) {
        change({set(fmt::format("{}.site1.example.", host), "A", {"192.0.2.1"})});
    }
    auto const ids = [&](std::string const& query) {
        std::string seen;
        std::string token;
        do {
            auto const page =
                host_.get(zone_ + "/changes?maxResults=3" + query + "&pageToken=" + token);
            for (auto const& one : page.body.at("changes").as_array()) {
                seen += one.at("id").as_string();
            }
            auto const* const next = page.body.as_object().if_contains("nextPageToken");
            token = next == nullptr ? "" : std::string(next->as_string());
        } while (!token.empty());
        return seen;
    };
    EXPECT_EQ(ids(""), "0123");
    EXPECT_EQ(ids("&sortBy=changeSequence&sortOrder=descending"), "3210");
    EXPECT_EQ(host_.get(zone_ + "/changes/3").body.at_pointer("/additions/0/name"),
              "c.site1.example.");
    EXPECT_EQ(host_.get(zone_ + "/changes/4").status, 404);
    EXPECT_EQ(host_.get(zone_ + "/changes/x").status, 404);
}

TEST_F(DnsServiceTest, RecordSetsAreMadeOneByOneToo) {
    create_zone("site1", "site1.example.");
    auto const sets = zone_ + "/rrsets";
    auto const a = set("www.site1.example.", "A", {"192.0.2.1"});
    EXPECT_EQ(host_.post(sets, a).body, json::value(a));
    auto const again = host_.post(sets, a);
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(message(again),
              "The resource 'entity.rrset' named 'www.site1.example. (A)' already exists");
    auto const patched =
        host_.patch(sets + "/www.site1.example./A", {{"ttl", 600}, {"rrdatas", {"192.0.2.3"}}});
    EXPECT_EQ(patched.status, 200) << patched.text;
    EXPECT_EQ(patched.body.at("ttl"), 600);
    EXPECT_EQ(host_.get(sets + "/www.site1.example./A").body, patched.body);
    host_.post(sets, set("*.site1.example.", "TXT", {"any"}));
    EXPECT_EQ(host_.get(sets + "/%2A.site1.example./TXT").status, 200);
    auto const filtered = host_.get(sets + "?name=www.site1.example.&type=A");
    EXPECT_EQ(filtered.body.at("rrsets").as_array().size(), 1);
    EXPECT_EQ(host_.get(sets + "?type=A").status, 400);
    auto const page = host_.get(sets + "?maxResults=3");
    auto const token = std::string(page.body.at("nextPageToken").as_string());
    EXPECT_EQ(
        host_.get(sets + "?maxResults=3&pageToken=" + token).body.at("rrsets").as_array().size(),
        1);
    EXPECT_THAT(soa(), ::testing::HasSubstr(" 4 21600"));
    EXPECT_EQ(host_.remove(sets + "/www.site1.example./A").status, 200);
    EXPECT_EQ(host_.remove(sets + "/www.site1.example./A").status, 404);
    EXPECT_EQ(host_.remove(sets + "/site1.example./NS").reason(), "invalidZoneApex");
}

TEST_F(DnsServiceTest, AZoneIsRemovedOnceItIsEmpty) {
    create_zone("site1", "site1.example.");
    change({set("www.site1.example.", "A", {"192.0.2.1"})});
    auto const full = host_.remove(zone_);
    EXPECT_EQ(full.status, 400);
    EXPECT_EQ(full.reason(), "containerNotEmpty");
    change({}, {set("www.site1.example.", "A", {"192.0.2.1"})});
    EXPECT_EQ(host_.remove(zone_).status, 200);
    EXPECT_EQ(host_.get(zone_).status, 404);
    ASSERT_EQ(create_zone("site1", "site1.example.").status, 200);
    EXPECT_EQ(host_.get(zone_ + "/changes").body.at("changes").as_array().size(), 1);
    EXPECT_EQ(host_.get(zone_ + "/rrsets").body.at("rrsets").as_array().size(), 2);
}

TEST_F(DnsServiceTest, QuotasAreKept) {
    create_zone("site1", "site1.example.");
    auto const hosts = [&](int from, int count) {
        json::array sets;
        for (int number = from; number < from + count; ++number) {
            sets.push_back(set(fmt::format("h{}.site1.example.", number), "A", {"192.0.2.1"}));
        }
        return sets;
    };
    auto const too_many = change(hosts(0, 1001));
    EXPECT_EQ(too_many.status, 403);
    EXPECT_EQ(too_many.reason(), "quotaExceeded");
    EXPECT_EQ(message(too_many), "The change would exceed quota for additions per change.");
    for (int from = 0; from < 9000; from += 1000) ASSERT_EQ(change(hosts(from, 1000)).status, 200);
    EXPECT_EQ(change(hosts(9000, 999)).reason(), "quotaExceeded");
    EXPECT_EQ(change(hosts(9000, 998)).status, 200);
    EXPECT_EQ(change(hosts(9998, 1)).reason(), "quotaExceeded");
    EXPECT_EQ(change(hosts(9998, 1), hosts(0, 1)).status, 200);
}

TEST_F(DnsServiceTest, WithoutANameServerAChangeIsSoonDone) {
    EXPECT_EQ(host_.dns_port(), 0);
    create_zone("site1", "site1.example.");
    auto const late = clock_.now() + std::chrono::seconds(30);
    while (host_.get(zone_ + "/changes/0").body.at("status") != "done") {
        ASSERT_LT(clock_.now(), late);
    }
    create_zone("inside", "site1.example.", "private");
    EXPECT_EQ(host_.get(zones_ + "/inside/changes/0").body.at("status"), "done");
}

}  // namespace
}  // namespace aipress::sandbox::dns
