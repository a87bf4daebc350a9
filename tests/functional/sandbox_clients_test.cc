// Google's own clients against the sandbox, as an operator uses them.
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "base/subprocess.h"
#include "sandbox/request_journal.h"
#include "sandbox/sandbox.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

namespace fs = std::filesystem;
using sandbox::Client;
using sandbox::ClientMode;
using ::testing::HasSubstr;
using testing::must;
using testing::SandboxProcess;

constexpr milliseconds kClientTime{120'000};

bool is_installed(char const* program) {
    for (auto const* const folder : {"/usr/bin", "/usr/local/bin"}) {
        std::error_code ignored;
        if (fs::exists(fs::path(folder) / program, ignored)) return true;
    }
    return false;
}

fs::path clients() {
    auto const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    return fs::absolute(source == nullptr ? "." : source) / "testing/clients";
}

struct Output {
    int code = 0;
    std::string text;  // both streams
};

class SandboxClientsTest : public ::testing::TestWithParam<ClientMode> {
protected:
    Output run(std::vector<std::string> arguments, testing::Environment const& environment) {
        SystemClock clock;
        ProcessOptions options;
        options.arguments = std::move(arguments);
        options.environment = environment;
        options.working_directory = folder_.path();
        Context const context(clock, Deadline::after(clock, kClientTime), std::stop_token());
        auto const result = must(run_process(context, options));
        return {result.status.success() ? 0 : std::max(result.status.code, 1),
                result.standard_output + result.standard_error};
    }
    // Words separated by blanks. Returns what it prints; a failure is one.
    std::string gcloud(std::string const& words) {
        auto const output = gcloud_output(words);
        EXPECT_EQ(output.code, 0) << "gcloud " << words << ": " << output.text;
        return output.text;
    }
    Output gcloud_output(std::string const& words) {
        std::vector<std::string> arguments{"gcloud"};
        std::istringstream stream(words);
        for (std::string word; stream >> word;) arguments.push_back(word);
        return run(std::move(arguments), sandbox_.environment(Client::Gcloud, GetParam()));
    }
    std::string write(std::string const& name, std::string const& text) {
        std::ofstream(folder_ / name) << text;
        return (folder_ / name).string();
    }
    std::string read(std::string const& name) {
        std::ostringstream text;
        text << std::ifstream(folder_ / name).rdbuf();
        return text.str();
    }
    // Whatever a client asked for is a method that is served.
    void expect_all_served() {
        for (auto const& entry :
             must(sandbox::read_requests(sandbox::journal_file(sandbox_.data())))) {
            auto const* const error = entry.if_contains("error");
            if (error == nullptr) continue;
            EXPECT_THAT(std::string(error->as_string()),
                        ::testing::Not(::testing::AnyOf(HasSubstr("does not serve"),
                                                        HasSubstr("Method not found"))))
                << entry.at("path");
        }
    }

    SandboxProcess sandbox_;
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
};

TEST_P(SandboxClientsTest, GcloudMakesProjectsAndWhatTheyNeed) {
    if (!is_installed("gcloud")) GTEST_SKIP() << "gcloud is not installed";
    EXPECT_THAT(gcloud("projects list"), HasSubstr("sandbox-project"));
    gcloud("projects create wp-shard-1 --name=Shard --labels=env=test");
    auto const again = gcloud_output("projects create wp-shard-1");
    EXPECT_NE(again.code, 0);
    EXPECT_THAT(again.text, HasSubstr("already in use"));
    EXPECT_THAT(gcloud("projects describe wp-shard-1 --format=value(lifecycleState)"),
                HasSubstr("ACTIVE"));
    gcloud("billing projects link wp-shard-1 --billing-account=000000-AAAAAA-000000");
    gcloud("services enable secretmanager.googleapis.com run.googleapis.com --project=wp-shard-1");
    EXPECT_THAT(gcloud("services list --project=wp-shard-1"), HasSubstr("run.googleapis.com"));
    gcloud(
        "projects add-iam-policy-binding wp-shard-1 --member=user:a@example.com "
        "--role=roles/viewer");
    EXPECT_THAT(gcloud("projects get-iam-policy wp-shard-1"), HasSubstr("user:a@example.com"));

    gcloud("secrets create db --replication-policy=automatic --project=wp-shard-1");
    gcloud("secrets versions add db --project=wp-shard-1 --data-file=" + write("payload", "s3"));
    EXPECT_THAT(gcloud("secrets versions access latest --secret=db --project=wp-shard-1"),
                HasSubstr("s3"));
    EXPECT_THAT(gcloud("secrets list --project=wp-shard-1"), HasSubstr("db"));

    gcloud("projects delete wp-shard-1");
    gcloud("projects undelete wp-shard-1");
    expect_all_served();
}

TEST_P(SandboxClientsTest, GcloudStoresObjects) {
    if (!is_installed("gcloud")) GTEST_SKIP() << "gcloud is not installed";
    gcloud("storage buckets create gs://tenant-media --location=us-central1");
    auto const large = std::string(20u << 20, 'a') + "end";
    gcloud("storage cp " + write("small.txt", "hello") + " gs://tenant-media/2026/11/small.txt");
    gcloud("storage cp " + write("large.bin", large) + " gs://tenant-media/large.bin");
    EXPECT_THAT(gcloud("storage cat gs://tenant-media/2026/11/small.txt"), HasSubstr("hello"));
    gcloud("storage cp gs://tenant-media/large.bin back.bin");
    EXPECT_TRUE(read("back.bin") == large);
    gcloud("storage cp gs://tenant-media/large.bin gs://tenant-media/copy.bin");
    EXPECT_THAT(gcloud("storage ls --recursive gs://tenant-media"), HasSubstr("copy.bin"));
    gcloud("storage objects update gs://tenant-media/copy.bin --cache-control=no-store");
    gcloud("storage rm --recursive gs://tenant-media");
    EXPECT_NE(gcloud_output("storage ls gs://tenant-media").code, 0);
    expect_all_served();
}

TEST_P(SandboxClientsTest, GsutilStoresObjects) {
    if (!is_installed("gsutil")) GTEST_SKIP() << "gsutil is not installed";
    auto const environment = sandbox_.environment(Client::Gsutil, GetParam());
    auto const gsutil = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "gsutil");
        auto const output = run(words, environment);
        EXPECT_EQ(output.code, 0) << words[1] << ": " << output.text;
        return output.text;
    };
    auto const large = std::string(20u << 20, 'b') + "end";
    gsutil({"mb", "-l", "us-central1", "gs://tenant-media"});
    gsutil({"cp", write("large.bin", large), "gs://tenant-media/dir/large.bin"});
    gsutil({"cp", write("small.txt", "hello"), "gs://tenant-media/dir/small.txt"});
    EXPECT_THAT(gsutil({"ls", "-l", "gs://tenant-media/dir/"}), HasSubstr("TOTAL: 2 objects"));
    gsutil({"cp", "gs://tenant-media/dir/large.bin", "back.bin"});
    EXPECT_TRUE(read("back.bin") == large);
    EXPECT_THAT(gsutil({"cat", "gs://tenant-media/dir/small.txt"}), HasSubstr("hello"));
    gsutil({"-m", "rm", "-r", "gs://tenant-media"});
    expect_all_served();
}

TEST_P(SandboxClientsTest, GcloudRunsDatabases) {
    if (!is_installed("gcloud")) GTEST_SKIP() << "gcloud is not installed";
    if (!is_installed("mariadb-backup")) GTEST_SKIP() << "MariaDB is not installed";
    gcloud(
        "sql instances create wp-db --database-version=MYSQL_8_0 --tier=db-g1-small "
        "--region=us-central1 --root-password=s3cret");
    EXPECT_THAT(gcloud("sql instances list"), HasSubstr("RUNNABLE"));
    gcloud("sql databases create wp --instance=wp-db");
    gcloud("sql users create wp --host=% --instance=wp-db --password=x");
    EXPECT_THAT(gcloud("sql users list --instance=wp-db"), HasSubstr("wp"));
    gcloud("storage buckets create gs://tenant-dumps");
    gcloud("sql export sql wp-db gs://tenant-dumps/wp.sql.gz --database=wp");
    EXPECT_NE(gcloud_output("sql export sql wp-db gs://tenant-dumps/wp.sql.gz --database=wp").code,
              0);
    gcloud("sql import sql wp-db gs://tenant-dumps/wp.sql.gz --database=wp");
    gcloud("sql backups create --instance=wp-db");
    EXPECT_THAT(gcloud("sql backups list --instance=wp-db"), HasSubstr("SUCCESSFUL"));
    EXPECT_THAT(gcloud("sql operations list --instance=wp-db"), HasSubstr("BACKUP_VOLUME"));
    gcloud("sql instances delete wp-db");
    EXPECT_NE(gcloud_output("sql instances describe wp-db").code, 0);
    expect_all_served();
}

TEST_P(SandboxClientsTest, GcloudServesSitesAndTheirNames) {
    if (!is_installed("gcloud")) GTEST_SKIP() << "gcloud is not installed";
    if (!is_installed("kdig")) GTEST_SKIP() << "kdig is not installed";
    gcloud("dns managed-zones create zone --dns-name=example.test. --description=d");
    gcloud("dns record-sets create site.example.test. --zone=zone --type=A --rrdatas=192.0.2.1");
    auto const status = must(testing::run_aipress(
        testing::test_context(),
        {"sandbox", "status", "--data", sandbox_.data().string(), "--format", "json"}));
    auto const port = must(status.json()).at("dns_port").to_number<int>();
    if (port == 0) GTEST_SKIP() << "Knot DNS (package knot) is not installed";
    EXPECT_EQ(
        run({"kdig", "+short", "@127.0.0.1", "-p", std::to_string(port), "site.example.test", "A"},
            {})
            .text,
        "192.0.2.1\n");
    gcloud(
        "run deploy site --image=gcr.io/x/wordpress --region=us-central1 "
        "--allow-unauthenticated --set-env-vars=DB_HOST=127.0.0.1");
    EXPECT_THAT(gcloud("run services list"), HasSubstr("us-central1"));
    gcloud("run services delete site --region=us-central1");
    expect_all_served();
}

INSTANTIATE_TEST_SUITE_P(Modes, SandboxClientsTest,
                         ::testing::Values(ClientMode::Overrides, ClientMode::Proxy),
                         [](auto const& parameter) {
                             return parameter.param == ClientMode::Proxy ? "Proxy" : "Overrides";
                         });

class NodeClientsTest : public SandboxClientsTest {
protected:
    void expect_success(std::string const& script) {
        std::error_code ignored;
        if (!fs::exists(clients() / "../node_modules/googleapis", ignored)) {
            GTEST_SKIP() << "Google's npm packages are not installed (npm ci in testing/)";
        }
        auto const output = run({"node", (clients() / script).string(), sandbox_.url()},
                                sandbox_.environment(Client::Node, ClientMode::Overrides));
        EXPECT_EQ(output.code, 0) << output.text;
        EXPECT_THAT(output.text, HasSubstr("all as it should be"));
        expect_all_served();
    }
};

TEST_P(NodeClientsTest, Storage) {
    expect_success("storage.mjs");
}

TEST_P(NodeClientsTest, GoogleApis) {
    expect_success("googleapis.mjs");
}

INSTANTIATE_TEST_SUITE_P(Npm, NodeClientsTest, ::testing::Values(ClientMode::Overrides));

}  // namespace
}  // namespace aipress
