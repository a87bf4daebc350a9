// The sandbox against traffic that was recorded from the real Google APIs: each recording's
// requests in their order; the statuses and the shapes of what comes back.
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>

#include "recorded_traffic.h"
#include "sandbox/catalogue.h"
#include "sandbox/projects.h"
#include "testing/sandbox_host.h"
#include "testing/test_context.h"

namespace aipress::integration {
namespace {

namespace fs = std::filesystem;

// Recordings that cannot be replayed, and why.
constexpr std::pair<std::string_view, std::string_view> kLeftOut[] = {
    {"kcc_sql_v1beta1_sqlinstance_sqlinstance-privatenetwork-direct",
     "two networks and two address ranges have one name, and one address, in the recording"},
    {"kcc_compute_v1beta1_computebackendservice_globalcomputebackendservice",
     "its backends are instance groups, which are not served"},
    {"kcc_sql_v1beta1_sqlinstance_sqlinstance-clone-minimal-direct", "PostgreSQL is not served"},
    {"kcc_spanner_v1beta1_spannerdatabase_spannerdatabase", "Cloud Spanner is not served"},
};

// Differences that were looked at, and why they are. "*" is any recording; a method may be a
// prefix.
struct Reviewed {
    std::string_view recording;
    std::string_view method;
    std::string_view difference;
    std::string_view reason;
};
constexpr Reviewed kReviewed[] = {
    {"kcc_run_v1beta1_runservice_runservicesql", "sql.", "", "PostgreSQL is not served"},
    {"*", "sql.instances.get", "serverCaCert.", "told by the certificate itself"},
    {"*", "sql.instances.get", "satisfiesPzi", "v1 does not know it, and shows the same"},
    {"*", "sql.instances.get", "geminiConfig", "not served"},
    {"*", "sql.instances.get", "upgradableDatabaseVersions", "no upgrade is served"},
    {"*", "sql.instances.get", "settings.backupConfiguration.", "where Google keeps the logs"},
    {"*", "sql.users.list", "items[].", "policies of passwords and IAM accounts are not served"},
    {"*", "sql.", "startTime: is missing", "an operation that begins: told by its first poll"},
    {"*", "sql.", "endTime: is missing", "an operation that begins: told by its first poll"},
    {"*", "sql.databases.get", "status 404", "its insert goes on: Google's was quicker"},
    {"*", "sql.databases.get", "etag", "databases are the server's own: they have no version"},
    {"*", "sql.databases.get", "error.status", "the API's other methods have none"},
    {"*", "run.projects.locations.operations", "response: is missing",
     "its image is none of WordPress: the operation ends in an error"},
    {"*", "bigquery.datasets", "defaultEncryptionConfiguration", "keys are not served"},
    {"*", "bigquery.datasets", "maxTimeTravelHours", "time travel is not served"},
    {"*", "bigquery.tables", "encryptionConfiguration", "keys are not served"},
    {"*", "bigquery.tables", "partitionDefinition", "partitions are not served"},
    {"*", "bigquery.tables", "timePartitioning.", "partitions are not served"},
    {"*", "bigquery.tables", "expirationTime", "its request is replayed without"},
    {"*", "compute.networks.get", "description", "of Google's own default network"},
    {"*", "storage.objects.list", "prefixes", "folders made by methods that are not recorded"},
    {"*", "cloudresourcemanager.folders.patch", "metadata: is missing", "told by its first poll"},
    {"*", "cloudresourcemanager.folders.delete", "done: is missing", "told by its first poll"},
    {"*", "cloudresourcemanager.folders.delete", "response: is missing", "told by its first poll"},
    {"*", "serviceusage.", "metadata: is missing", "it comes with the first poll"},
    {"*", "storage.buckets", "generation: is missing", "deleted buckets are not kept apart"},
    {"*", "storage.", "selfLink: is any text", "the sandbox's own address, for clients to follow"},
};

bool is_reviewed(std::string_view recording, std::string_view method, std::string_view difference) {
    return std::any_of(std::begin(kReviewed), std::end(kReviewed), [&](Reviewed const& one) {
        return (one.recording == "*" || one.recording == recording) &&
               (one.method == "*" || method.starts_with(one.method)) &&
               difference.starts_with(one.difference);
    });
}

std::vector<std::string> recordings() {
    std::vector<std::string> names;
    if (auto const folder = recordings_folder()) {
        for (auto const& file : fs::directory_iterator(*folder)) {
            names.push_back(file.path().stem().string());
        }
    }
    std::sort(names.begin(), names.end());
    if (names.empty()) names.emplace_back("none");
    return names;
}

// The recordings hold only the last of the polls, and not every one that there was.
bool is_too_early(RecordedExchange const& exchange, testing::HttpAnswer const& answer) {
    if (exchange.status != 200) return false;
    if (answer.reason() == "operationInProgress") return true;
    bool const is_poll = exchange.verb == "GET" && is_done(exchange.reply);
    return is_poll && answer.status == 200 && !is_done(answer.body);
}

class SandboxRecordingsTest : public ::testing::TestWithParam<std::string> {
protected:
    void replay(RecordedExchange const& exchange);
    // What the recordings begin with: a project in a folder, an account, the default network.
    Variables known_variables() {
        auto const project = host_.get("/v1/projects/sandbox-project").body;
        host_.post("//compute.googleapis.com/compute/v1/projects/sandbox-project/global/networks",
                   {{"name", "default"}, {"autoCreateSubnetworks", true}});
        auto const begun = host_.post(
            "//cloudresourcemanager.googleapis.com/v3/folders",
            {{"displayName", "recorded"}, {"parent", std::string(sandbox::kOrganization)}});
        auto const done = host_.get("//cloudresourcemanager.googleapis.com/v3/" +
                                    std::string(begun.body.at("name").as_string()));
        auto const folder = std::string(done.body.at_pointer("/response/name").as_string());
        auto const id = [](std::string_view name) {
            return std::string(name.substr(name.find('/') + 1));
        };
        return Variables({{"projectId", "sandbox-project"},
                          {"projectNumber", std::string(project.at("projectNumber").as_string())},
                          {"folderID", id(folder)},
                          {"organizationID", id(sandbox::kOrganization)},
                          {"billingAccountID", id(sandbox::kBillingAccount)},
                          {"networkID", "default"},
                          {"datasetID", "bigquerydatasetu1"},
                          {"uniqueId", "u1"}});
    }

    sandbox::Catalogue const catalogue_;
    SystemClock clock_;
    testing::SandboxHost host_{clock_};
    Variables variables_ = known_variables();
    unsigned compared_ = 0;
    unsigned not_served_ = 0;
};

void SandboxRecordingsTest::replay(RecordedExchange const& exchange) {
    if (exchange.verb == "GET" && exchange.status == 404) variables_.renew_last(exchange.path);
    auto const path = variables_.replace(exchange.path);
    auto const matched =
        catalogue_.match(exchange.host, exchange.verb, path.substr(0, path.find('?')));
    testing::HttpAnswer answer;
    auto const context = testing::test_context();
    do {
        try {
            answer = host_.call(exchange.verb, "//" + exchange.host + path,
                                without_preconditions(variables_.replace(exchange.body)),
                                {{"Content-Type", "application/json"}});
        } catch (std::exception const& thrown) {  // an answer that is not of its shape
            ADD_FAILURE() << thrown.what();
            return;
        }
    } while (is_too_early(exchange, answer) && context.sleep(milliseconds(5)));
    if (!matched || answer.text.find("that this sandbox does not serve") != std::string::npos) {
        ++not_served_;
        return;
    }
    ++compared_;
    auto const& method = matched->method->id;
    variables_.learn(exchange.reply, answer.body);
    if (answer.status != exchange.status) {
        auto const difference =
            fmt::format("status {}, recorded {}", answer.status, exchange.status);
        EXPECT_TRUE(is_reviewed(GetParam(), method, difference))
            << method << " " << difference << "\n"
            << exchange.verb << " " << path << "\n"
            << answer.text;
        return;
    }
    for (auto const& difference : differences(exchange.reply, answer.body)) {
        EXPECT_TRUE(is_reviewed(GetParam(), method, difference)) << method << " " << difference;
    }
}

TEST_P(SandboxRecordingsTest, RepliesHaveTheirShape) {
    auto const folder = recordings_folder();
    if (!folder)
        GTEST_SKIP() << "no recordings: set AIPRESS_SHARED_DIR to the folder that has them";
    for (auto const& [name, reason] : kLeftOut) {
        if (name == GetParam()) GTEST_SKIP() << reason;
    }
    std::ifstream file(*folder / (GetParam() + ".log"));
    std::string const text((std::istreambuf_iterator<char>(file)), {});
    auto const exchanges = parse_recording(text);
    ASSERT_FALSE(exchanges.empty());
    for (auto const& exchange : exchanges) replay(exchange);
    fmt::print("{}: {} compared, {} of methods that are not served\n", GetParam(), compared_,
               not_served_);
}

INSTANTIATE_TEST_SUITE_P(All, SandboxRecordingsTest, ::testing::ValuesIn(recordings()),
                         [](auto const& parameter) {
                             std::string name = parameter.param;
                             for (char& c : name) {
                                 if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                             }
                             return name;
                         });

}  // namespace
}  // namespace aipress::integration
