// A tenant's site in a sandbox in this process, as the PoC has it but small, a shard's instance on
// which another tenant lives already, and a network that can end.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "backup/backups.h"
#include "gcp/fields.h"
#include "gcp/run.h"
#include "gcp/secret_manager.h"
#include "gcp/sql_admin.h"
#include "mysql/connection.h"
#include "testing/must.h"
#include "testing/sandbox_host.h"

namespace aipress::testing {

// The machine's, but waits are short: what is waited for is in this process. With a `pace` time
// goes by faster, for quotas that count by the minute.
class ImpatientClock final : public Clock {
public:
    explicit ImpatientClock(int pace = 1) : pace_(pace) {}
    [[nodiscard]] SteadyTime now() const override {
        return began_ + (clock_.now() - began_) * pace_;
    }
    [[nodiscard]] WallTime wall_now() const override { return clock_.wall_now(); }
    bool sleep_for(milliseconds duration, std::stop_token stop) override {
        return clock_.sleep_for(std::min(duration, milliseconds(5)), std::move(stop));
    }
    [[nodiscard]] std::unique_ptr<Alarm> call_at(SteadyTime when,
                                                 std::function<void()> callback) override {
        return clock_.call_at(when, std::move(callback));
    }

private:
    SystemClock clock_;
    SteadyTime const began_ = clock_.now();
    int const pace_;
};

// A network that ends with its n-th request, as a process does that is killed: whether the server
// has heard of that request is for the test to choose.
class EndingTransport final : public gcp::Transport {
public:
    enum class Last { Lost, Unheard };
    // 0: it does not end.
    void end_at(std::uint64_t request, Last last) {
        std::lock_guard const lock(mutex_);
        end_ = request;
        last_ = last;
        count_ = 0;
    }
    [[nodiscard]] std::uint64_t count() const {
        std::lock_guard const lock(mutex_);
        return count_;
    }
    [[nodiscard]] std::vector<std::string> const& urls() const { return urls_; }

    Reply send(Context const& context, http::ClientRequest const& request) override {
        bool is_last = false;
        {
            std::lock_guard const lock(mutex_);
            ++count_;
            urls_.push_back(request.method + " " + request.url);
            is_last = end_ != 0 && count_ == end_ && last_ == Last::Lost;
            if (end_ != 0 && count_ >= end_ && !is_last) return ended();
        }
        auto reply = network_.send(context, request);
        return is_last ? ended() : std::move(reply);
    }

private:
    static Reply ended() {
        return {.response = Error(ErrorCode::Cancelled, "the process has ended"), .was_sent = true};
    }

    gcp::HttpTransport network_;
    mutable std::mutex mutex_;
    std::vector<std::string> urls_;
    std::uint64_t count_ = 0;
    std::uint64_t end_ = 0;
    Last last_ = Last::Lost;
};

// Throws where it cannot be made. Not thread safe.
class BackupStage {
public:
    static constexpr char const* kProject = "sandbox-project";
    static constexpr char const* kRegion = "us-central1";
    static constexpr char const* kTenant = "tenant-001";
    static constexpr char const* kDatabasePassword = "s3cret-of-the-database";
    static constexpr char const* kPinnedSecret = "pinned-s3cret-of-the-mail";
    static constexpr char const* kStatePassword = "s3cret-in-terraform";
    static constexpr char const* kRootPassword = "r00t-s3cret";

    BackupStage();

    [[nodiscard]] backup::Site site() const;
    [[nodiscard]] backup::Vault vault() const {
        return {.project = kProject,
                .location = kRegion,
                .key_project = kProject,
                .state_bucket = "terraform-state"};
    }
    [[nodiscard]] backup::Backups backups() const { return {connection_, vault()}; }
    [[nodiscard]] backup::Scratch scratch() const {
        return {.instance = {.project = kProject, .instance = "shard-db"},
                .endpoint = endpoint("shard-db", "")};
    }
    [[nodiscard]] Context context() const {
        return {clock_, Deadline::after(clock_, milliseconds(60'000)), {}};
    }
    [[nodiscard]] mysql::Endpoint endpoint(std::string const& instance,
                                           std::string const& database) const {
        mysql::Endpoint made;
        made.host = addresses_.at(instance);
        made.user = "root";
        made.password = kRootPassword;
        made.database = database;
        return made;
    }
    [[nodiscard]] mysql::Connection connect(std::string const& instance,
                                            std::string const& database) const {
        return must(mysql::Connection::open(context(), endpoint(instance, database)));
    }
    void execute(std::string const& sql) const {
        auto session = connect("tenant-001-db", "wordpress");
        must(session.execute(context(), sql));
    }
    [[nodiscard]] std::set<std::string> databases(std::string const& instance) const;
    // Names below the prefix and what the objects hold.
    [[nodiscard]] std::map<std::string, std::string> objects(std::string const& bucket,
                                                             std::string const& prefix) const;
    void put(std::string const& bucket, std::string const& name, std::string const& bytes) const;

    [[nodiscard]] gcp::Connection const& connection() const { return connection_; }
    [[nodiscard]] EndingTransport& transport() { return transport_; }
    [[nodiscard]] SandboxHost& host() { return host_; }

    static void quiet(std::string_view) {}

private:
    template <typename T>
    static T need(gcp::Outcome<T> outcome) {
        if (outcome.ok()) return outcome.release();
        throw std::runtime_error(outcome.error().message());
    }
    void make_instance(std::string const& instance);
    void make_secret(std::string const& name, std::vector<std::string> const& versions);
    void make_database();
    void make_files();
    void make_service();
    void post(std::string const& path, boost::json::value const& body) {
        auto const answer = host_.post(path, body);
        if (answer.status >= 300) throw std::runtime_error(path + ": " + answer.text);
    }

    mutable ImpatientClock clock_;
    SandboxHost host_{clock_};
    EndingTransport transport_;
    std::unique_ptr<gcp::TokenSource> const tokens_ = gcp::make_fixed_token("ya29.test");
    ImpatientClock quota_clock_{1'000};
    gcp::QuotaBroker quotas_{quota_clock_};
    gcp::Connection const connection_{
        transport_,
        *tokens_,
        quotas_,
        {.endpoints = {{"", host_.url()}},
         .retry = {.first = milliseconds(5), .most = milliseconds(20)}}};
    std::map<std::string, std::string> addresses_;
};

inline BackupStage::BackupStage() {
    make_instance("tenant-001-db");
    make_instance("shard-db");
    make_secret("tenant-001-db-password", {kDatabasePassword});
    make_secret("tenant-001-mail", {"old", kPinnedSecret, "newer"});
    make_database();
    make_files();
    make_service();
}

inline backup::Site BackupStage::site() const {
    return {.tenant = kTenant,
            .host = "tenant-001.aipress.io",
            .dns_project = kProject,
            .dns_zone = "aipress-io",
            .home = {.project = kProject,
                     .region = kRegion,
                     .service = kTenant,
                     .instance = "tenant-001-db",
                     .database = "wordpress",
                     .user = "wordpress",
                     .password_secret = "tenant-001-db-password",
                     .bucket = "tenant-001-media"},
            .database = endpoint("tenant-001-db", "wordpress")};
}

inline void BackupStage::make_instance(std::string const& instance) {
    gcp::SqlAdmin const sql(connection_);
    gcp::SqlInstanceName const name{.project = kProject, .instance = instance};
    auto const made = need(sql.create_instance(context(), name,
                                               {{"region", kRegion},
                                                {"databaseVersion", "MYSQL_8_0"},
                                                {"rootPassword", kRootPassword},
                                                {"settings", {{"tier", "db-g1-small"}}}}));
    addresses_[instance] =
        boost::json::value(made).at_pointer("/ipAddresses/0/ipAddress").as_string();
    // On the shard too: another tenant's, which has the same name and is not to be touched.
    need(sql.create_database(context(), name, {{"name", "wordpress"}, {"charset", "utf8mb4"}}));
}

inline void BackupStage::make_secret(std::string const& name,
                                     std::vector<std::string> const& versions) {
    gcp::SecretManager const secrets(connection_);
    gcp::SecretName const secret{.project = kProject, .secret = name};
    need(secrets.create_secret(context(), secret, {{"labels", {{"tenant", kTenant}}}}));
    for (auto const& version : versions) {
        need(secrets.add_version(context(), secret, gcp::Secret(version)));
    }
    need(secrets.grant(context(), secret,
                       {.role = "roles/secretmanager.secretAccessor",
                        .member = "serviceAccount:site@example.iam.gserviceaccount.com"}));
}

inline void BackupStage::make_database() {
    auto other = connect("shard-db", "wordpress");
    for (auto const* const sql : {"CREATE TABLE wp_posts (id INT PRIMARY KEY, body TEXT)",
                                  "INSERT INTO wp_posts VALUES (1, 'of another tenant')"}) {
        must(other.execute(context(), sql));
    }
    for (auto const* const sql : {
             "CREATE TABLE wp_posts (ID BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, post_date "
             "DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', post_title TEXT NOT NULL, "
             "picture LONGBLOB NULL) DEFAULT CHARSET=utf8mb4",
             "INSERT INTO wp_posts (post_title, picture) SELECT CONCAT('Müller — 😀 ', seq, "
             "'\\nUSE `wordpress`;\\n'), UNHEX(SHA2(seq, 256)) FROM seq_1_to_1500",
             "CREATE TABLE wp_options (option_name VARCHAR(191) PRIMARY KEY, option_value "
             "LONGTEXT) DEFAULT CHARSET=utf8mb4",
             "INSERT INTO wp_options VALUES ('siteurl', 'http://tenant-001.aipress.io'), "
             "('cron', 'a:1:{i:0;s:1:\"x\";}')",
             // Of the days of old: no key, latin1, another engine.
             "CREATE TABLE old_hits (page VARCHAR(40), hits INT) ENGINE=MyISAM DEFAULT "
             "CHARSET=latin1",
             "INSERT INTO old_hits VALUES ('caf\xe9', 1), ('caf\xe9', 1), (NULL, 7)",
             "CREATE VIEW recent AS SELECT ID, post_title FROM wp_posts WHERE ID > 1490",
         }) {
        execute(sql);
    }
}

inline void BackupStage::make_files() {
    gcp::Storage const storage(connection_);
    for (auto const* const bucket : {"tenant-001-media", "terraform-state"}) {
        need(storage.create_bucket(context(), kProject, {{"name", bucket}}));
    }
    put("tenant-001-media", "2026/01/picture.jpg", std::string(70'000, '\xff'));
    put("tenant-001-media", "2026/01/empty.txt", "");
    put("tenant-001-media", "2026/02/größe + 100%2F.txt", "UTF-8, blank, plus, percent");
    put("tenant-001-media", "2026/02/" + std::string(890, 'n'), "900 bytes of name");
    put("terraform-state", "tenants/tenant-001/default.tfstate",
        fmt::format(R"({{"version": 4, "password": "{}"}})", kStatePassword));
    put("terraform-state", "tenants/tenant-0010/default.tfstate", R"({"version": 4})");
}

inline void BackupStage::make_service() {
    auto const service = boost::json::parse(R"({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "template": {
        "volumes": [{"name": "uploads", "gcs": {"bucket": "tenant-001-media"}}],
        "containers": [{"image": "us-central1-docker.pkg.dev/p/sites/wordpress:6",
        "env": [{"name": "DB_NAME", "value": "wordpress"},
                {"name": "DB_PASSWORD", "valueSource": {"secretKeyRef":
                    {"secret": "tenant-001-db-password", "version": "latest"}}},
                {"name": "MAIL", "valueSource": {"secretKeyRef":
                    {"secret": "projects/sandbox-project/secrets/tenant-001-mail",
                     "version": "2"}}}],
        "volumeMounts": [{"name": "uploads", "mountPath": "/var/www/uploads"}]}]}})")
                             .as_object();
    gcp::CloudRun const run(connection_);
    need(run.create_service(
        context(), {.project = kProject, .location = kRegion, .service = kTenant}, service));
    post(fmt::format("//{}-run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/{}/"
                     "domainmappings",
                     kRegion, kProject),
         {{"apiVersion", "domains.cloudrun.com/v1"},
          {"kind", "DomainMapping"},
          {"metadata", {{"name", "tenant-001.aipress.io"}, {"namespace", kProject}}},
          {"spec", {{"routeName", kTenant}, {"certificateMode", "AUTOMATIC"}}}});
    auto const zones =
        fmt::format("//dns.googleapis.com/dns/v1/projects/{}/managedZones", kProject);
    post(zones, {{"name", "aipress-io"}, {"dnsName", "aipress.io."}, {"description", "d"}});
    post(zones + "/aipress-io/rrsets", {{"name", "tenant-001.aipress.io."},
                                        {"type", "CNAME"},
                                        {"ttl", 300},
                                        {"rrdatas", {"ghs.googlehosted.com."}}});
}

inline std::set<std::string> BackupStage::databases(std::string const& instance) const {
    std::set<std::string> names;
    auto session = connect(instance, "");
    for (auto const& row : must(session.query(context(), "SHOW DATABASES")).rows) {
        names.insert(row[0].value_or(""));
    }
    return names;
}

inline std::map<std::string, std::string> BackupStage::objects(std::string const& bucket,
                                                               std::string const& prefix) const {
    gcp::Storage const storage(connection_);
    std::map<std::string, std::string> all;
    need(storage.list_objects(context(), {.bucket = bucket, .prefix = prefix},
                              [&](gcp::Object const& object) -> gcp::Outcome<gcp::Done> {
                                  auto& bytes = all[object.name.substr(prefix.size())];
                                  return storage.read_bytes(
                                      context(), object,
                                      [&](std::string_view piece) -> gcp::Outcome<gcp::Done> {
                                          bytes += piece;
                                          return gcp::Done();
                                      });
                              }));
    return all;
}

inline void BackupStage::put(std::string const& bucket, std::string const& name,
                             std::string const& bytes) const {
    gcp::Storage const storage(connection_);
    gcp::NewObject made{.bucket = bucket, .name = name};
    auto const found = storage.get_object(context(), bucket, name);
    if (found.ok()) made.expected = found->generation;
    need(storage.insert_object(context(), made, bytes));
}

}  // namespace aipress::testing
