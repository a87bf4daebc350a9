#include "inventory/join.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

#include "inventory/classify.h"
#include "inventory/drift.h"

namespace aipress::inventory {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

boost::json::object parsed(std::string const& text) {
    return boost::json::parse(text).as_object();
}

// Of this process's memory. Source: proc(5).
long resident_bytes() {
    long pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
}

// A project that is made resource by resource, then joined.
class JoinTest : public ::testing::Test {
protected:
    JoinTest() { inventory_.was_read.fill(true); }

    void service(std::string const& name, std::string const& revision,
                 std::string const& labels = "{}") {
        services_.push_back(read_service(parsed(fmt::format(
            R"({{"name": "projects/p/locations/r/services/{0}", "labels": {2},
                 "uri": "https://{0}-x.a.run.app", "template": {1}}})",
            name, revision, labels))));
        inventory_.resources.add(services_.back().resource);
    }
    void instance(std::string const& name, std::string const& address,
                  std::string const& labels = "{}") {
        inventory_.resources.add(read_instance(parsed(fmt::format(
            R"({{"name": "{0}", "connectionName": "p:r:{0}", "region": "r",
                 "ipAddresses": [{{"ipAddress": "{1}"}}],
                 "settings": {{"tier": "db-f1-micro", "userLabels": {2}}}}})",
            name, address, labels))));
    }
    void bucket(std::string const& name, std::string const& labels = "{}") {
        inventory_.resources.add(
            read_bucket(parsed(fmt::format(R"({{"name": "{}", "labels": {}}})", name, labels))));
    }
    void secret(std::string const& name) {
        inventory_.resources.add(
            read_secret(parsed(fmt::format(R"({{"name": "projects/1/secrets/{}"}})", name))));
    }
    void record(std::string const& name, std::string const& data) {
        inventory_.resources.add(read_record_set({.name = name, .type = "CNAME", .data = {data}},
                                                 "zone", "example.com."));
    }
    void mapping(std::string const& host, std::string const& name) {
        inventory_.resources.add(read_mapping({.host = host, .service = name}, "r"));
    }
    void run() {
        inventory_.resources.sort();
        join(inventory_, services_);
    }
    // "tenant-1-db: by its label only…"
    std::vector<std::string> held(std::string const& tenant) {
        std::vector<std::string> all;
        for (auto const& one : inventory_.find_tenant(tenant)->holds) {
            all.push_back(fmt::format("{}: {}", inventory_.resources.at(one.resource).name(),
                                      to_string(one.evidence)));
        }
        return all;
    }
    std::vector<std::string> orphans() {
        find_orphans(inventory_);
        std::vector<std::string> all;
        for (auto const& one : inventory_.orphans) all.push_back(one.name + ": " + one.reason);
        return all;
    }

    Inventory inventory_;
    std::vector<ServiceRead> services_;
};

constexpr char const* kRevision = R"({
    "containers": [{"image": "i", "env": [
        {"name": "DB_HOST", "value": "10.0.0.1:3306"},
        {"name": "DB_PASSWORD", "valueSource": {"secretKeyRef": {"secret": "projects/p/secrets/pw"}}},
        {"name": "AUTH_SALT", "value": "s3cret"}]}],
    "volumes": [{"gcs": {"bucket": "files"}}]})";

TEST_F(JoinTest, follows_what_the_service_really_uses) {
    service("tenant-1", kRevision);
    instance("main", "10.0.0.1");
    bucket("files");
    secret("pw");
    record("tenant-1.example.com.", "tenant-1-x.a.run.app.");
    run();
    EXPECT_THAT(held("tenant-1"),
                ElementsAre("tenant-1: it is the tenant's service",
                            "main: the service's environment has its address",
                            "files: the service mounts it", "pw: the service reads it",
                            "tenant-1.example.com. CNAME: it points at the service's address"));
    EXPECT_THAT(orphans(), IsEmpty());
}

TEST_F(JoinTest, understands_sockets_and_connection_names) {
    for (auto const* const value :
         {"localhost:/cloudsql/p:r:main", "/cloudsql/p:r:main", "p:r:main"}) {
        auto const read = read_service(parsed(fmt::format(
            R"({{"template": {{"containers": [{{"env": [{{"name": "DB_HOST", "value": "{}"}}]}}]}}}})",
            value)));
        ASSERT_EQ(read.uses.size(), 1u) << value;
        EXPECT_EQ(read.uses[0].target, "p:r:main") << value;
    }
    service("tenant-1", R"({"volumes": [{"cloudSqlInstance": {"instances": ["p:r:main"]}}]})");
    instance("main", "10.0.0.1");
    run();
    EXPECT_THAT(held("tenant-1"), Contains("main: the service mounts its socket"));
}

TEST_F(JoinTest, goes_by_label_then_by_name_for_what_no_service_uses) {
    service("tenant-1", "{}");
    service("tenant-10", "{}");
    bucket("tenant-1-media", R"({"tenant": "tenant-10"})");
    bucket("tenant-10-logs");
    secret("tenant-1-admin");
    record("www.tenant-1.example.com.", "elsewhere.example.net.");
    run();
    EXPECT_THAT(held("tenant-1"), ElementsAre("tenant-1: it is the tenant's service",
                                              "tenant-1-admin: by its name only",
                                              "www.tenant-1.example.com. CNAME: by its name only"));
    EXPECT_THAT(held("tenant-10"), AllOf(Contains(HasSubstr("tenant-1-media: by its label")),
                                         Contains(HasSubstr("tenant-10-logs: by its name"))));
}

TEST_F(JoinTest, tells_what_does_not_fit_together) {
    service("tenant-1", kRevision);
    service("tenant-2", kRevision);
    instance("main", "10.0.0.1", R"({"tenant": "tenant-3"})");
    bucket("files");
    run();
    auto const& notes = inventory_.find_tenant("tenant-2")->notes;
    EXPECT_THAT(notes, Contains("Cloud SQL instance main is used by tenant-1 too"));
    EXPECT_THAT(notes, Contains("Cloud SQL instance main is labelled for tenant-3"));
    EXPECT_THAT(notes, Contains("its service uses the secret pw, which is not in this project"));
    EXPECT_THAT(inventory_.find_tenant("tenant-1")->notes,
                Contains("bucket files is used by tenant-2 too"));
}

TEST_F(JoinTest, an_address_of_several_instances_identifies_none) {
    service("tenant-1", kRevision);
    instance("one", "10.0.0.1");
    instance("two", "10.0.0.1");
    run();
    EXPECT_THAT(held("tenant-1"), ElementsAre("tenant-1: it is the tenant's service"));
    EXPECT_THAT(inventory_.find_tenant("tenant-1")->notes,
                Contains("its service's database address 10.0.0.1 is that of several instances"));
}

TEST_F(JoinTest, orphans_have_a_reason) {
    service("tenant-1", "{}");
    bucket("imports");
    instance("old-db", "10.0.0.9", R"({"tenant": "tenant-9"})");
    record("nobody.example.com.", "elsewhere.example.net.");
    mapping("gone.example.org", "gone");
    run();
    EXPECT_THAT(orphans(),
                ElementsAre("old-db: it is labelled for tenant-9, which has no Cloud Run service",
                            HasSubstr("imports: no service uses it"),
                            "gone.example.org: it sends to service gone, which does not exist",
                            HasSubstr("nobody.example.com. CNAME: its name is no tenant's")));
}

TEST_F(JoinTest, nothing_is_an_orphan_when_services_could_not_be_read) {
    bucket("imports");
    inventory_.was_read.fill(false);
    run();
    EXPECT_THAT(orphans(), IsEmpty());
}

TEST_F(JoinTest, custom_domains_are_told_from_the_platforms) {
    service("tenant-1", "{}");
    service("tenant-2", "{}");
    mapping("www.shop.example.org", "tenant-1");
    mapping("tenant-2.example.com", "tenant-2");
    run();
    auto const classes = classify(*inventory_.find_tenant("tenant-1"), inventory_.resources);
    EXPECT_EQ(classes.custom_domain.value, Answer::Yes);
    EXPECT_THAT(classes.custom_domain.reason, HasSubstr("www.shop.example.org"));
    EXPECT_EQ(
        classify(*inventory_.find_tenant("tenant-2"), inventory_.resources).custom_domain.value,
        Answer::No);
}

TEST_F(JoinTest, drift_goes_to_the_tenant_that_has_the_resources) {
    service("tenant-1", kRevision);
    instance("tenant-1", "10.0.0.1");
    bucket("files");
    run();
    StateFile state{.declared = {{.address = "google_sql_database_instance.db",
                                  .resource = {.kind = Kind::Instance,
                                               .key = "tenant-1",
                                               .facts = {{Attribute::Tier, "db-g1-small"},
                                                         {Attribute::Region, "r"},
                                                         {Attribute::Label, "team=a"}}}},
                                 {.address = "google_storage_bucket.logs",
                                  .resource = {.kind = Kind::Bucket, .key = "logs"}}},
                    .managed = 2};
    inventory_.find_tenant("tenant-1")->state = StateStatus::None;
    add_state(inventory_, "other/default.tfstate", "other", state);
    find_undeclared(inventory_);
    auto const& tenant = *inventory_.find_tenant("tenant-1");
    EXPECT_EQ(tenant.state, StateStatus::Read);
    EXPECT_THAT(
        tenant.drift,
        ElementsAre(
            AllOf(Field(&Drift::attribute, "tier"), Field(&Drift::declared, "db-g1-small"),
                  Field(&Drift::live, "db-f1-micro")),
            AllOf(Field(&Drift::attribute, "label team"), Field(&Drift::declared, "a"),
                  Field(&Drift::live, "")),
            AllOf(Field(&Drift::what, Drift::What::NotLive),
                  Field(&Drift::address, "google_storage_bucket.logs")),
            AllOf(Field(&Drift::what, Drift::What::NotDeclared), Field(&Drift::name, "tenant-1")),
            AllOf(Field(&Drift::what, Drift::What::NotDeclared), Field(&Drift::name, "files"))));
}

TEST_F(JoinTest, a_fleet_of_50000_is_joined_in_bounded_memory) {
    constexpr int kTenants = 50'000;
    constexpr long kBytesATenant = 8'000;
    auto const before = resident_bytes();
    for (int i = 0; i < kTenants; ++i) {
        auto const name = fmt::format("tenant-{:05}", i);
        auto const address = fmt::format("10.{}.{}.{}", i / 65'536, i / 256 % 256, i % 256);
        auto const labels = fmt::format(R"({{"tenant": "{}", "traffic-class": "low"}})", name);
        service(name,
                fmt::format(R"({{"containers": [{{"env": [{{"name": "DB_HOST", "value": "{}"}}]}}],
                                 "volumes": [{{"gcs": {{"bucket": "{}-media"}}}}]}})",
                            address, name),
                labels);
        instance(name + "-db", address, labels);
        bucket(name + "-media", labels);
        secret(name + "-db-password");
        record(name + ".example.com.", "ghs.example.net.");
    }
    run();
    ASSERT_EQ(inventory_.tenants.size(), static_cast<std::size_t>(kTenants));
    for (auto const& tenant : inventory_.tenants) ASSERT_EQ(tenant.holds.size(), 5u);
    EXPECT_LT(resident_bytes() - before, kTenants * kBytesATenant);
}

TEST_F(JoinTest, what_could_not_be_read_is_no_drift) {
    service("tenant-1", "{}");
    inventory_.was_read.at(static_cast<std::size_t>(Kind::Bucket)) = false;
    run();
    add_state(inventory_, "tenant-1/default.tfstate", "tenant-1",
              {.declared = {{.address = "google_storage_bucket.logs",
                             .resource = {.kind = Kind::Bucket, .key = "logs"}}},
               .managed = 1});
    EXPECT_THAT(inventory_.find_tenant("tenant-1")->drift, IsEmpty());
}

TEST_F(JoinTest, state_files_of_nothing_that_is_live_are_orphans) {
    service("tenant-1", "{}");
    run();
    add_state(inventory_, "a/default.tfstate", "a", {});
    add_state(inventory_, "b/default.tfstate", "b",
              {.declared = {{.address = "x", .resource = {.kind = Kind::Bucket, .key = "gone"}}},
               .managed = 1});
    EXPECT_THAT(orphans(), ElementsAre("a/default.tfstate: it declares no resources",
                                       "b/default.tfstate: nothing that it declares is live"));
}

}  // namespace
}  // namespace aipress::inventory
