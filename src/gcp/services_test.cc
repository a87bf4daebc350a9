// The other services' clients against a server, with every answer to a change lost once.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gcp/billing.h"
#include "gcp/dns.h"
#include "gcp/fields.h"
#include "gcp/resource_manager.h"
#include "gcp/run.h"
#include "gcp/secret_manager.h"
#include "gcp/service_accounts.h"
#include "gcp/service_usage.h"
#include "gcp/sql_admin.h"
#include "gcp/storage.h"
#include "testing/database_engine.h"
#include "testing/lossy_transport.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr char const* kProject = "sandbox-project";

class ServicesTest : public ::testing::Test {
protected:
    ConnectionOptions options() {
        return {.endpoints = {{"", host_.url()}}, .retry = {.random = [] { return 0.0; }}};
    }
    // Loses the answer to what `act` sends, and sees that it did.
    template <typename Act>
    auto lossy(std::string const& method, std::string const& part, Act const& act) {
        transport_.lose(method, part);
        auto outcome = act();
        EXPECT_EQ(transport_.left(), 0) << method << " " << part;
        return outcome;
    }
    // Appends the field of each that is listed.
    static Connection::Visitor into(std::vector<std::string>& all, std::string const& field) {
        return [&all, field](json::object const& item) -> Outcome<Done> {
            all.push_back(text_of(item, field));
            return Done();
        };
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
    testing::LossyTransport transport_;
    std::unique_ptr<TokenSource> const tokens_ = make_fixed_token("ya29.test");
    QuotaBroker quotas_{clock_};
    Connection const connection_{transport_, *tokens_, quotas_, options()};
    Context const context_{clock_, Deadline::after(clock_, milliseconds(90'000)), {}};
};

TEST_F(ServicesTest, ServiceAccountsAreMadeOnceAndRemoved) {
    ServiceAccounts const accounts(connection_);
    ServiceAccountName const name{.project = kProject, .account = "tenant-001"};
    auto const make = [&] { return accounts.create(context_, name, "The site of tenant-001"); };
    auto const made = lossy("POST", "/serviceAccounts", make);
    ASSERT_THAT(made, IsOk());
    EXPECT_EQ(text_of(made.value(), "email"), name.email());
    EXPECT_EQ(name.email(), "tenant-001@sandbox-project.iam.gserviceaccount.com");
    EXPECT_THAT(make(), HasCode(ErrorCode::AlreadyExists));
    EXPECT_EQ(text_of(*accounts.get(context_, name), "displayName"), "The site of tenant-001");
    auto const remove = [&] { return accounts.remove(context_, name); };
    EXPECT_THAT(lossy("DELETE", "/serviceAccounts/", remove), IsOk());
    EXPECT_THAT(remove(), IsOk());
    EXPECT_THAT(accounts.get(context_, name), HasCode(ErrorCode::NotFound));
}

TEST_F(ServicesTest, SecretsAreStoredOnceAndReadBack) {
    SecretManager const secrets(connection_);
    SecretName const name{.project = kProject, .secret = "db-password"};
    auto const make = [&] { return secrets.create_secret(context_, name, {}); };
    EXPECT_THAT(lossy("POST", "/secrets", make), IsOk());
    EXPECT_THAT(make(), HasCode(ErrorCode::AlreadyExists));
    auto const add = [&](std::string const& bytes) {
        auto added = lossy("POST", ":addVersion",
                           [&] { return secrets.add_version(context_, name, Secret(bytes)); });
        EXPECT_THAT(added, IsOk());
        return added.release();
    };
    EXPECT_EQ(add("hunter2"), "1");
    EXPECT_EQ(add(std::string("\0\xff", 2)), "2");
    EXPECT_EQ(secrets.access_version(context_, name, "1")->reveal(), "hunter2");
    EXPECT_EQ(secrets.access_version(context_, name, "latest")->reveal(), std::string("\0\xff", 2));
    IamBinding const reader{.role = "roles/secretmanager.secretAccessor",
                            .member = "user:a@example.com"};
    EXPECT_THAT(
        lossy("POST", ":setIamPolicy", [&] { return secrets.grant(context_, name, reader); }),
        IsOk());
    std::vector<std::string> all;
    EXPECT_THAT(secrets.list_secrets(context_, kProject, into(all, "name")), IsOk());
    EXPECT_THAT(all, ElementsAre(HasSubstr("/secrets/db-password")));
    EXPECT_THAT(lossy("DELETE", "/secrets/", [&] { return secrets.delete_secret(context_, name); }),
                IsOk());
    EXPECT_THAT(secrets.access_version(context_, name, "1"), HasCode(ErrorCode::NotFound));
}

TEST_F(ServicesTest, ARecordSetIsExchangedOnce) {
    Dns const dns(connection_);
    ASSERT_EQ(
        host_
            .post(fmt::format("//dns.googleapis.com/dns/v1/projects/{}/managedZones", kProject),
                  {{"name", "sites"}, {"dnsName", "sites.example."}, {"description", "d"}})
            .status,
        200);
    ZoneName const zone{.project = kProject, .zone = "sites"};
    RecordSet const before{
        .name = "a.sites.example.", .type = "A", .ttl = 300, .data = {"192.0.2.1"}};
    auto after = before;
    after.data = {"192.0.2.2", "192.0.2.3"};
    EXPECT_THAT(lossy("POST", "/changes", [&] { return dns.change(context_, zone, {}, {before}); }),
                IsOk());
    EXPECT_THAT(dns.change(context_, zone, {}, {before}), HasCode(ErrorCode::AlreadyExists));
    EXPECT_THAT(
        lossy("POST", "/changes", [&] { return dns.change(context_, zone, {before}, {after}); }),
        IsOk());
    // The old record is proven current: what somebody else changed is not overwritten.
    EXPECT_THAT(dns.change(context_, zone, {before}, {after}),
                HasCode(ErrorCode::FailedPrecondition));
    std::vector<RecordSet> found;
    EXPECT_THAT(dns.list_record_sets(context_, zone, before.name, "A",
                                     [&](RecordSet const& set) -> Outcome<Done> {
                                         found.push_back(set);
                                         return Done();
                                     }),
                IsOk());
    EXPECT_THAT(found, ElementsAre(after));
    std::vector<std::string> zones;
    EXPECT_THAT(dns.list_zones(context_, kProject, into(zones, "name")), IsOk());
    EXPECT_THAT(zones, ElementsAre("sites"));
    EXPECT_EQ(text_of(dns.get_zone(context_, zone).release(), "dnsName"), "sites.example.");
}

TEST_F(ServicesTest, AServiceIsMadeChangedAndDeletedOnce) {
    CloudRun const run(connection_);
    RunServiceName const name{.project = kProject, .location = "us-central1", .service = "shop"};
    auto const wanted = json::parse(R"({"template": {"containers": [
        {"image": "us-docker.pkg.dev/p/sites/wordpress:6"}]}})")
                            .as_object();
    auto const made =
        lossy("POST", "/services", [&] { return run.create_service(context_, name, wanted); });
    ASSERT_THAT(made, IsOk());
    EXPECT_THAT(run.create_service(context_, name, wanted), HasCode(ErrorCode::AlreadyExists));
    auto const add_label = [](json::object& service) {
        auto& labels = service["labels"];
        if (!labels.is_object()) labels = json::object();
        if (labels.get_object().contains("tier")) return false;
        labels.get_object()["tier"] = "gold";
        return true;
    };
    EXPECT_THAT(lossy("PATCH", "/services/shop",
                      [&] { return run.update_service(context_, name, add_label); }),
                IsOk());
    auto const changed = run.get_service(context_, name).release();
    EXPECT_EQ(changed.at("labels").at("tier"), "gold");
    EXPECT_EQ(text_of(changed, "generation"), "2");
    IamBinding const everyone{.role = "roles/run.invoker", .member = "allUsers"};
    EXPECT_THAT(run.grant(context_, name, everyone), IsOk());
    std::vector<std::string> all;
    EXPECT_THAT(run.list_services(context_, kProject, "us-central1", into(all, "name")), IsOk());
    EXPECT_THAT(all, ElementsAre(HasSubstr("/services/shop")));
    EXPECT_THAT(
        lossy("DELETE", "/services/shop", [&] { return run.delete_service(context_, name); }),
        IsOk());
    EXPECT_THAT(run.get_service(context_, name), HasCode(ErrorCode::NotFound));
}

TEST_F(ServicesTest, AProjectIsMadePaidForAndMayCall) {
    ResourceManager const projects(connection_);
    ServiceUsage const services(connection_);
    Billing const billing(connection_);
    json::object const wanted{{"projectId", "wp-shard-1"},
                              {"parent", "organizations/100000000001"}};
    auto const made =
        lossy("POST", "/v3/projects", [&] { return projects.create_project(context_, wanted); });
    ASSERT_THAT(made, IsOk());
    EXPECT_THAT(projects.create_project(context_, wanted),
                HasError(ErrorCode::AlreadyExists, HasSubstr("use another id")));
    EXPECT_THAT(projects.get_project(context_, "nobody-has-this"),
                HasCode(ErrorCode::PermissionDenied));
    std::vector<std::string> ids;
    EXPECT_THAT(
        projects.list_projects(context_, "organizations/100000000001", into(ids, "projectId")),
        IsOk());
    EXPECT_THAT(ids, Contains("wp-shard-1"));

    SecretManager const secrets(connection_);
    SecretName const secret{.project = "wp-shard-1", .secret = "s"};
    EXPECT_THAT(secrets.create_secret(context_, secret, {}),
                HasError(ErrorCode::PermissionDenied,
                         HasSubstr("gcloud services enable secretmanager.googleapis.com")));
    std::vector<std::string> const wanted_services{"run.googleapis.com",
                                                   "secretmanager.googleapis.com"};
    EXPECT_THAT(lossy("POST", ":batchEnable",
                      [&] { return services.enable(context_, "wp-shard-1", wanted_services); }),
                IsOk());
    EXPECT_THAT(*services.list_enabled(context_, "wp-shard-1"),
                ::testing::IsSupersetOf(wanted_services));
    EXPECT_THAT(secrets.create_secret(context_, secret, {}), IsOk());

    std::string const account = "billingAccounts/000000-AAAAAA-000000";
    EXPECT_FALSE(billing.get_billing(context_, "wp-shard-1")->is_enabled);
    EXPECT_THAT(
        lossy("PUT", "/billingInfo", [&] { return billing.link(context_, "wp-shard-1", account); }),
        IsOk());
    EXPECT_EQ(billing.get_billing(context_, "wp-shard-1")->account, account);
    EXPECT_THAT(billing.link(context_, "wp-shard-1", "billingAccounts/0-0-0"),
                HasCode(ErrorCode::PermissionDenied));

    IamBinding const viewer{.role = "roles/viewer", .member = "user:a@example.com"};
    EXPECT_THAT(lossy("POST", ":setIamPolicy",
                      [&] { return projects.grant(context_, "wp-shard-1", viewer); }),
                IsOk());
    EXPECT_THAT(projects.revoke(context_, "wp-shard-1", viewer), IsOk());
    EXPECT_THAT(lossy("DELETE", "/v3/projects/",
                      [&] { return projects.delete_project(context_, "wp-shard-1"); }),
                IsOk());
    EXPECT_THAT(projects.delete_project(context_, "wp-shard-1"), IsOk());
}

TEST_F(ServicesTest, ADatabaseIsMadeFilledExportedAndGoes) {
    if (!testing::Engine::find(testing::ServerKind::MariaDb).ok()) {
        GTEST_SKIP() << "no mariadbd on this machine";
    }
    SqlAdmin const sql(connection_);
    Storage const storage(connection_);
    SqlInstanceName const name{.project = kProject, .instance = "tenant-db"};
    json::object const wanted{{"region", "us-central1"},
                              {"databaseVersion", "MYSQL_8_0"},
                              {"rootPassword", "root-s3cret"},
                              {"settings", {{"tier", "db-g1-small"}}}};
    auto const made =
        lossy("POST", "/instances", [&] { return sql.create_instance(context_, name, wanted); });
    ASSERT_THAT(made, IsOk());
    EXPECT_THAT(sql.create_instance(context_, name, wanted),
                HasError(ErrorCode::AlreadyExists, HasSubstr("a week")));
    EXPECT_THAT(lossy("POST", "/databases",
                      [&] { return sql.create_database(context_, name, {{"name", "blog"}}); }),
                IsOk());
    EXPECT_FALSE(sql.create_database(context_, name, {{"name", "blog"}}).ok());
    SqlUser const user{.name = "site", .host = "%"};
    EXPECT_THAT(lossy("POST", "/users",
                      [&] { return sql.create_user(context_, name, user, Secret("pw-1")); }),
                IsOk());
    EXPECT_THAT(sql.set_password(context_, name, user, Secret("pw-2")), IsOk());
    std::vector<std::string> users;
    EXPECT_THAT(sql.list_users(context_, name, into(users, "name")), IsOk());
    EXPECT_THAT(users, Contains("site"));

    auto shown = sql.get_instance(context_, name).release();
    auto settings = *object_of(shown, "settings");
    settings["userLabels"] = json::object{{"tier", "gold"}};
    EXPECT_THAT(lossy("PATCH", "/tenant-db",
                      [&] { return sql.patch_instance(context_, name, {{"settings", settings}}); }),
                IsOk());
    EXPECT_THAT(sql.patch_instance(context_, name, json::object()),
                HasCode(ErrorCode::InvalidArgument));

    ASSERT_THAT(storage.create_bucket(context_, kProject, {{"name", "dumps"}}), IsOk());
    EXPECT_THAT(lossy("POST", "/export",
                      [&] { return sql.export_sql(context_, name, "gs://dumps/a.sql", {"blog"}); }),
                IsOk());
    EXPECT_GT(storage.get_object(context_, "dumps", "a.sql")->size, 0U);
    EXPECT_THAT(lossy("POST", "/import",
                      [&] { return sql.import_sql(context_, name, "gs://dumps/a.sql", "blog"); }),
                IsOk());
    auto const refused = sql.import_sql(context_, name, "gs://dumps/none.sql", "blog");
    EXPECT_FALSE(refused.ok());
    EXPECT_THAT(
        lossy("DELETE", "/databases/", [&] { return sql.delete_database(context_, name, "blog"); }),
        IsOk());
    EXPECT_THAT(lossy("DELETE", "/users", [&] { return sql.delete_user(context_, name, user); }),
                IsOk());
    EXPECT_THAT(lossy("DELETE", "/instances/", [&] { return sql.delete_instance(context_, name); }),
                IsOk());
    EXPECT_THAT(sql.get_instance(context_, name), HasCode(ErrorCode::NotFound));
}

}  // namespace
}  // namespace aipress::gcp
