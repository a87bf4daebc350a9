// `aipress inventory` as an operator runs it, on a project that seed-poc has made.
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/file_descriptor.h"
#include "sandbox/run/web_server.h"
#include "sandbox/sql/server.h"
#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/wire.h"

namespace aipress {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;

constexpr char const* kProject = "aipress-project";
constexpr int kReportTime = 120'000;  // ms
constexpr char const* kStateBucket = "aipress-terraform-state";

Context patient_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(300'000)), std::stop_token()};
}

std::string text(json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

class InventoryTest : public ::testing::Test {
protected:
    void seed(std::vector<std::string> const& words) {
        testing::Arguments all{"sandbox", "seed-poc", "--data", sandbox_.data().string()};
        all.insert(all.end(), words.begin(), words.end());
        auto const result = must(testing::run_aipress(patient_context(), all));
        ASSERT_EQ(result.status.code, 0) << result.describe();
    }
    testing::CommandResult run(std::vector<std::string> const& words,
                               testing::Environment const& more = {}) {
        testing::Arguments all{"inventory", "--project", kProject};
        all.insert(all.end(), words.begin(), words.end());
        auto environment =
            sandbox_.environment(sandbox::Client::Aipress, sandbox::ClientMode::Overrides);
        for (auto const& [name, value] : more) {
            std::erase_if(environment, [&](auto const& one) { return one.first == name; });
            environment.emplace_back(name, value);
        }
        return must(testing::run_aipress(patient_context(), all, environment));
    }
    // The command's, in bytes, when everything is found and its report is being written: to a pipe
    // where it waits for its reader.
    std::size_t peak_memory(std::string& report) {
        auto const folder = must(testing::TemporaryDirectory::make());
        auto const pipe = (folder / "inventory.json.new").string();
        EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
        auto process = must(testing::AipressProcess::start(
            {"inventory", "--project", kProject, "--state-bucket", kStateBucket, "--format", "json",
             "--out", (folder / "inventory.json").string()},
            sandbox_.environment(sandbox::Client::Aipress, sandbox::ClientMode::Overrides)));
        // Neither of the two waits for the other to open it: a command that fails fails the test.
        FileDescriptor const reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        pollfd readable{.fd = reader.get(), .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&readable, 1, kReportTime), 1) << process.error();
        auto const peak = testing::process_number(process.pid(), "VmHWM:") * 1'024;
        EXPECT_GT(peak, 0u);
        report = read_all(reader.get());
        auto const result = must(process.wait(patient_context()));
        EXPECT_EQ(result.status.code, 0) << result.describe();
        EXPECT_EQ(result.output, "");
        EXPECT_TRUE(std::filesystem::exists(folder / "inventory.json"));
        return peak;
    }
    // Up to its end.
    static std::string read_all(int pipe) {
        std::string all;
        std::array<char, 65'536> part{};
        pollfd readable{.fd = pipe, .events = POLLIN, .revents = 0};
        while (::poll(&readable, 1, kReportTime) == 1) {
            auto const size = ::read(pipe, part.data(), part.size());
            if (size <= 0) break;
            all.append(part.data(), static_cast<std::size_t>(size));
        }
        return all;
    }
    json::object inventory() {
        auto const result = run({"--state-bucket", kStateBucket, "--format", "json"});
        EXPECT_EQ(result.status.code, 0) << result.describe();
        return must(result.json());
    }
    testing::HttpAnswer ask(std::string const& verb, std::string const& host,
                            std::string const& path, std::string const& body = "") {
        auto answer = client_.send({.verb = verb,
                                    .url = sandbox_.url() + path,
                                    .body = body,
                                    .headers = {{"Host", host},
                                                {"Authorization", "Bearer ya29.test"},
                                                {"Content-Type", "application/json"}}});
        EXPECT_LT(answer.status, 300) << path << ": " << answer.text;
        return answer;
    }

    testing::SandboxProcess sandbox_;
    testing::HttpClient client_;
};

// "tenant-001 Cloud SQL instance tenant-001-db: tier db-f1-micro -> db-n1-standard-4"
std::vector<std::string> drift_of(json::object const& inventory) {
    std::vector<std::string> all;
    for (auto const& tenant : inventory.at("tenants").as_array()) {
        for (auto const& drift : tenant.at("drift").as_array()) {
            auto const& fields = drift.as_object();
            auto line = fmt::format("{} {} {}: {}", text(tenant.at("name")), text(drift.at("kind")),
                                    text(drift.at("name")), text(drift.at("what")));
            if (fields.contains("attribute")) {
                line += fmt::format(" {} {} -> {}", text(fields.at("attribute")),
                                    text(fields.at("terraform")), text(fields.at("live")));
            }
            all.push_back(std::move(line));
        }
    }
    return all;
}

std::vector<std::string> names_of(json::object const& inventory, char const* list,
                                  char const* field) {
    std::vector<std::string> all;
    for (auto const& one : inventory.at(list).as_array()) all.push_back(text(one.at(field)));
    return all;
}

class LiveInventoryTest : public InventoryTest {
protected:
    void SetUp() override {
        if (auto const programs = sandbox::run::find_web_programs(); !programs.ok()) {
            GTEST_SKIP() << programs.error().message();
        }
        if (!sandbox::find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
    }
    void drift_on_purpose();
};

void LiveInventoryTest::drift_on_purpose() {
    auto const instance = fmt::format("/v1/projects/{}/instances/tenant-001-db", kProject);
    ask("PATCH", "sqladmin.googleapis.com", instance,
        R"({"settings": {"tier": "db-n1-standard-4"}})");
    ask("DELETE", "dns.googleapis.com",
        fmt::format("/dns/v1/projects/{}/managedZones/aipress-io/rrsets/"
                    "tenant-002.aipress.io./CNAME",
                    kProject));
    ask("POST", "storage.googleapis.com", fmt::format("/storage/v1/b?project={}", kProject),
        R"({"name": "left-over-bucket"})");
    ask("POST", "storage.googleapis.com",
        fmt::format("/upload/storage/v1/b/{}/o?uploadType=media&name=tenants/tenant-001/"
                    "broken.tfstate",
                    kStateBucket),
        R"({"version": 3})");
}

TEST_F(LiveInventoryTest, TellsWhatTenantsHaveAndWhereTerraformSaysOtherwise) {
    seed({"--tenants", "2"});
    auto const before = inventory();
    EXPECT_EQ(before.at("is_complete"), true) << json::serialize(before.at("gaps"));
    EXPECT_EQ(before.at("state_files"), 2);
    EXPECT_THAT(names_of(before, "tenants", "name"),
                ::testing::ElementsAre("tenant-001", "tenant-002"));
    // The administrator's secret is the PoC's own doing, and not Terraform's.
    EXPECT_THAT(
        drift_of(before),
        ::testing::ElementsAre("tenant-001 secret tenant-001-admin-password: not in Terraform",
                               "tenant-002 secret tenant-002-admin-password: not in Terraform"));
    auto const& tenant = before.at("tenants").at(0).as_object();
    EXPECT_THAT(json::serialize(tenant.at("resources")),
                AllOf(HasSubstr("the service's environment has its address"),
                      HasSubstr("the service mounts it"), HasSubstr("the service reads it"),
                      HasSubstr("a domain mapping sends its host to the service")));
    EXPECT_GT(tenant.at("requests_a_day").at("value").to_number<std::int64_t>(), 0);
    EXPECT_GT(tenant.at("media_bytes").at("value").to_number<std::int64_t>(), 1'000);
    EXPECT_EQ(text(tenant.at("custom_domain").at("value")), "no");
    EXPECT_THAT(text(tenant.at("traffic").at("reason")), HasSubstr("requests in the last day"));
    // Values of secrets are nowhere in it.
    auto const secret = ask("GET", "secretmanager.googleapis.com",
                            fmt::format("/v1/projects/{}/secrets/tenant-001-db-password/versions/"
                                        "latest:access",
                                        kProject));
    EXPECT_THAT(json::serialize(before),
                Not(HasSubstr(text(secret.body.at("payload").at("data")))));

    drift_on_purpose();
    auto const after = inventory();
    EXPECT_THAT(
        drift_of(after),
        AllOf(Contains(HasSubstr("tenant-001 Cloud SQL instance tenant-001-db: changed tier ")),
              Contains(HasSubstr("-> db-n1-standard-4")),
              Contains("tenant-002 DNS record set tenant-002.aipress.io. CNAME: not live")));
    EXPECT_THAT(names_of(after, "orphans", "name"), Contains("left-over-bucket"));
    EXPECT_EQ(after.at("is_complete"), false);
    EXPECT_THAT(json::serialize(after.at("gaps")),
                AllOf(HasSubstr("broken.tfstate"), HasSubstr("3 is not supported")));
    auto const table = run({"--state-bucket", kStateBucket});
    EXPECT_EQ(table.status.code, 0);
    EXPECT_THAT(table.output, AllOf(HasSubstr("tenant-001"), HasSubstr("db-n1-standard-4"),
                                    HasSubstr("left-over-bucket"), HasSubstr("broken.tfstate")));
    EXPECT_THAT(table.error, HasSubstr("incomplete: "));
}

TEST_F(InventoryTest, FindsAllOfAFleetOfRecordsInBoundedMemory) {
    constexpr std::size_t kFew = 200, kMany = 1'700;
    // Of a whole fleet it is about 4,000.
    constexpr std::size_t kBytesATenant = 10'000;
    seed({"--tenants", std::to_string(kFew), "--metadata-only"});
    std::string written;
    auto const peak_of_few = peak_memory(written);
    seed({"--tenants", std::to_string(kMany), "--metadata-only"});
    auto const peak_of_many = peak_memory(written);
    auto const bytes_a_tenant = (peak_of_many - peak_of_few) / (kMany - kFew);
    EXPECT_LT(bytes_a_tenant, kBytesATenant) << peak_of_few << " and " << peak_of_many;
    RecordProperty("bytes_a_tenant", std::to_string(bytes_a_tenant));
    auto const fleet = json::parse(written).as_object();
    EXPECT_EQ(fleet.at("is_complete"), true) << json::serialize(fleet.at("gaps"));
    EXPECT_EQ(fleet.at("state_files"), kMany);
    ASSERT_EQ(fleet.at("tenants").as_array().size(), kMany);
    EXPECT_TRUE(drift_of(fleet).empty()) << drift_of(fleet).front();
    for (auto const& tenant : fleet.at("tenants").as_array()) {
        // Service, instance, bucket, secret, name.
        EXPECT_EQ(tenant.at("resources").as_array().size(), 5u) << json::serialize(tenant);
        EXPECT_EQ(text(tenant.at("terraform").at("status")), "read");
    }
    EXPECT_THAT(names_of(fleet, "orphans", "name"),
                ::testing::ElementsAre("aipress-project-imports"));
}

TEST_F(InventoryTest, WhatCannotBeReadIsAGap) {
    seed({"--tenants", "1", "--metadata-only"});
    ask("POST", "serviceusage.googleapis.com",
        fmt::format("/v1/projects/{}/services/secretmanager.googleapis.com:disable", kProject),
        R"({"disableDependentServices": true})");
    auto const result = run({"--state-bucket", "no-such-bucket-of-ours", "--format", "json"});
    ASSERT_EQ(result.status.code, 0) << result.describe();
    auto const inventory = must(result.json());
    EXPECT_EQ(inventory.at("is_complete"), false);
    EXPECT_THAT(json::serialize(inventory.at("gaps")),
                AllOf(HasSubstr("\"secrets\""),
                      HasSubstr("gcloud services enable secretmanager.googleapis.com"),
                      HasSubstr("no-such-bucket-of-ours")));
    auto const& tenant = inventory.at("tenants").at(0).as_object();
    EXPECT_EQ(text(tenant.at("terraform").at("status")), "unreadable");
    // That its secret is missing is not known, and hence not said.
    EXPECT_TRUE(tenant.at("notes").as_array().empty()) << json::serialize(tenant.at("notes"));
}

TEST_F(InventoryTest, SaysWhyItCannotBegin) {
    auto const no_key = run({}, {{"AIPRESS_GCP_TOKEN", ""},
                                 {"GOOGLE_APPLICATION_CREDENTIALS", "/does/not/exist.json"}});
    EXPECT_EQ(no_key.status.code, 1);
    EXPECT_THAT(no_key.error, AllOf(HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"),
                                    HasSubstr("/does/not/exist.json")));
    auto const no_project =
        must(testing::run_aipress(patient_context(), {"inventory"}, {{"AIPRESS_GCP_PROJECT", ""}}));
    EXPECT_EQ(no_project.status.code, 2);
    EXPECT_THAT(no_project.error, HasSubstr("--project"));
    auto const folder = run({"--state-bucket", "gs://bucket/folder"});
    EXPECT_EQ(folder.status.code, 2);
    auto const unknown = must(testing::run_aipress(
        patient_context(), {"inventory", "--project", "no-such-project"},
        sandbox_.environment(sandbox::Client::Aipress, sandbox::ClientMode::Overrides)));
    EXPECT_EQ(unknown.status.code, 1) << unknown.describe();
    EXPECT_THAT(unknown.error, HasSubstr("no-such-project"));
}

}  // namespace
}  // namespace aipress
