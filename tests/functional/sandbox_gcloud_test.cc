// gcloud against the sandbox: every command that an operator of a fleet uses, with overridden
// endpoints and through the sandbox as its TLS proxy.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <optional>

#include "client_stage.h"
#include "sandbox/sandbox.h"

namespace aipress {
namespace {

using functional::is_installed;
using sandbox::ClientMode;
using ::testing::HasSubstr;
using ::testing::Not;

class GcloudTest : public ::testing::TestWithParam<ClientMode> {
protected:
    void SetUp() override {
        if (!is_installed("gcloud")) GTEST_SKIP() << "gcloud is not installed";
        stage_.emplace(GetParam());
    }
    void TearDown() override {
        if (stage_) stage_->expect_all_served();
    }
    std::string gcloud(std::string const& words) { return stage_->gcloud(words); }
    // What it says when it refuses.
    std::string refusal(std::string const& words) {
        auto const output = stage_->gcloud_output(words);
        EXPECT_NE(output.code, 0) << "gcloud " << words << ": " << output.text;
        return output.text;
    }
    std::string file(std::string const& name, std::string const& text) {
        return stage_->write(name, text);
    }

    std::optional<functional::ClientStage> stage_;
};

TEST_P(GcloudTest, ProjectsAndTheirServices) {
    EXPECT_THAT(gcloud("projects list"), HasSubstr("sandbox-project"));
    gcloud("projects create wp-shard-1 --name=Shard --labels=env=test");
    EXPECT_THAT(refusal("projects create wp-shard-1"), HasSubstr("already in use"));
    EXPECT_THAT(gcloud("projects describe wp-shard-1 --format=value(lifecycleState)"),
                HasSubstr("ACTIVE"));
    gcloud("billing projects link wp-shard-1 --billing-account=000000-AAAAAA-000000");
    gcloud("services enable dns.googleapis.com --project=wp-shard-1");
    gcloud(
        "services enable secretmanager.googleapis.com run.googleapis.com "
        "orgpolicy.googleapis.com --project=wp-shard-1");
    EXPECT_THAT(gcloud("services list --project=wp-shard-1"), HasSubstr("run.googleapis.com"));
    gcloud(
        "projects add-iam-policy-binding wp-shard-1 --member=user:a@example.com "
        "--role=roles/viewer");
    EXPECT_THAT(gcloud("projects get-iam-policy wp-shard-1"), HasSubstr("user:a@example.com"));

    auto const policy = [&](char const* enforced) {
        return file("policy.yaml", fmt::format("name: projects/wp-shard-1/policies/"
                                               "iam.disableServiceAccountKeyCreation\n"
                                               "spec:\n  rules:\n  - enforce: {}\n",
                                               enforced));
    };
    gcloud("org-policies set-policy " + policy("true"));
    gcloud("org-policies set-policy " + policy("false"));
    EXPECT_THAT(gcloud("org-policies list --project=wp-shard-1"),
                HasSubstr("iam.disableServiceAccountKeyCreation"));
    gcloud("projects delete wp-shard-1");
    EXPECT_THAT(gcloud("projects list"), Not(HasSubstr("wp-shard-1")));
    gcloud("projects undelete wp-shard-1");
}

TEST_P(GcloudTest, Secrets) {
    gcloud("secrets create db --replication-policy=automatic --data-file=" + file("p", "first"));
    gcloud("secrets versions add db --data-file=" + file("p", "s3"));
    EXPECT_EQ(gcloud("secrets versions access latest --secret=db"), "s3");
    EXPECT_EQ(gcloud("secrets versions access 1 --secret=db"), "first");
    EXPECT_THAT(gcloud("secrets list"), HasSubstr("db"));
}

TEST_P(GcloudTest, Networks) {
    for (auto const* const name : {"vpc1", "vpc2"}) {
        gcloud(fmt::format("compute networks create {} --subnet-mode=custom", name));
    }
    EXPECT_THAT(gcloud("compute networks list"), HasSubstr("vpc2"));
    gcloud(
        "compute networks subnets create s1 --network=vpc1 --region=us-central1 "
        "--range=10.1.0.0/24");
    gcloud("compute networks peerings create p1 --network=vpc1 --peer-network=vpc2");
    EXPECT_THAT(refusal("compute networks peerings create p1 --network=vpc1 --peer-network=vpc2"),
                HasSubstr("p1"));
    gcloud(
        "compute firewall-rules create fw1 --network=vpc1 --allow=tcp:3306 "
        "--source-ranges=10.0.0.0/8");
    gcloud("compute firewall-rules delete fw1");
    EXPECT_THAT(gcloud("compute firewall-rules list"), Not(HasSubstr("fw1")));
    gcloud("storage buckets create gs://cdn-media --location=us-central1");
    gcloud("compute backend-buckets create bb1 --gcs-bucket-name=cdn-media --enable-cdn");
    gcloud(
        "compute addresses create google-range --global --purpose=VPC_PEERING "
        "--prefix-length=16 --network=vpc1");
    gcloud(
        "services vpc-peerings connect --service=servicenetworking.googleapis.com "
        "--ranges=google-range --network=vpc1");
    EXPECT_THAT(gcloud("services vpc-peerings list --network=vpc1"), HasSubstr("google-range"));
}

TEST_P(GcloudTest, Databases) {
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
    EXPECT_THAT(refusal("sql export sql wp-db gs://tenant-dumps/wp.sql.gz --database=wp"),
                HasSubstr("wp.sql.gz"));
    gcloud("sql import sql wp-db gs://tenant-dumps/wp.sql.gz --database=wp");
    gcloud("sql backups create --instance=wp-db");
    EXPECT_THAT(gcloud("sql backups list --instance=wp-db"), HasSubstr("SUCCESSFUL"));
    EXPECT_THAT(gcloud("sql operations list --instance=wp-db"), HasSubstr("BACKUP_VOLUME"));
    gcloud("sql instances delete wp-db");
    EXPECT_THAT(refusal("sql instances describe wp-db"), HasSubstr("does not exist"));
}

TEST_P(GcloudTest, Names) {
    if (!is_installed("kdig")) GTEST_SKIP() << "kdig (package knot-dnsutils) is not installed";
    auto const port = stage_->sandbox().announcement().dns_port;
    if (port == 0) GTEST_SKIP() << "Knot DNS (package knot) is not installed";
    auto const answer = [&](std::string const& name) {
        return stage_
            ->run({"kdig", "+short", "@127.0.0.1", "-p", std::to_string(port), name, "A"}, {})
            .text;
    };
    gcloud("dns managed-zones create z1 --dns-name=site1.example. --description=d");
    auto const sets = std::string("dns record-sets ");
    gcloud(sets + "create www.site1.example. --zone=z1 --type=A --ttl=300 --rrdatas=192.0.2.1");
    EXPECT_EQ(answer("www.site1.example"), "192.0.2.1\n");
    gcloud(sets + "update www.site1.example. --zone=z1 --type=A --ttl=60 --rrdatas=192.0.2.2");
    EXPECT_EQ(answer("www.site1.example"), "192.0.2.2\n");

    gcloud(sets + "transaction start --zone=z1");
    gcloud(sets +
           "transaction remove 192.0.2.2 --zone=z1 --name=www.site1.example. --ttl=60 --type=A");
    gcloud(sets + "transaction add 192.0.2.3 --zone=z1 --name=a.site1.example. --ttl=60 --type=A");
    gcloud(sets + "transaction execute --zone=z1");
    EXPECT_EQ(answer("www.site1.example"), "");
    EXPECT_EQ(answer("a.site1.example"), "192.0.2.3\n");
    EXPECT_THAT(gcloud(sets + "changes describe 3 --zone=z1"), HasSubstr("done"));
    EXPECT_THAT(gcloud(sets + "list --zone=z1"), HasSubstr("a.site1.example."));

    gcloud(sets + "import --zone=z1 --zone-file-format " +
           file("zone.txt", "b.site1.example. 60 IN A 192.0.2.9\n"));
    EXPECT_EQ(answer("b.site1.example"), "192.0.2.9\n");
    gcloud(sets + "delete a.site1.example. --zone=z1 --type=A");
    EXPECT_EQ(answer("a.site1.example"), "");
}

TEST_P(GcloudTest, Sites) {
    auto const region = std::string(" --region=us-central1");
    gcloud(
        "run deploy site --image=gcr.io/x/wordpress --allow-unauthenticated "
        "--set-env-vars=DB_HOST=127.0.0.1" +
        region);
    EXPECT_THAT(gcloud("run services list"), HasSubstr("us-central1"));
    EXPECT_THAT(gcloud("run services describe site --format=value(status.url)" + region),
                HasSubstr("run.app"));
    auto const first = gcloud(
        "run services describe site --format=value(status.latestReadyRevisionName)" + region);
    gcloud("run services update site --update-env-vars=DB_NAME=wp" + region);
    EXPECT_THAT(gcloud("run revisions list --service=site" + region),
                HasSubstr(first.substr(0, first.find('\n'))));
    gcloud(fmt::format("run services update-traffic site --to-revisions={}=50{}",
                       first.substr(0, first.find('\n')), region));
    EXPECT_THAT(gcloud("run services describe site" + region), HasSubstr("50%"));
    gcloud(
        "run services add-iam-policy-binding site --member=user:a@example.com "
        "--role=roles/run.invoker" +
        region);
    EXPECT_THAT(gcloud("run services get-iam-policy site" + region),
                HasSubstr("user:a@example.com"));
    gcloud("run services delete site" + region);
    EXPECT_THAT(gcloud("run services list"), Not(HasSubstr("site")));
}

TEST_P(GcloudTest, Objects) {
    gcloud("storage buckets create gs://tenant-media --location=us-central1");
    EXPECT_THAT(gcloud("storage buckets list"), HasSubstr("tenant-media"));
    auto const large = std::string(20u << 20, 'a') + "end";
    gcloud("storage cp " + file("small.txt", "hello") + " gs://tenant-media/2026/11/small.txt");
    gcloud("storage cp " + file("large.bin", large) + " gs://tenant-media/large.bin");
    EXPECT_THAT(gcloud("storage cat gs://tenant-media/2026/11/small.txt"), HasSubstr("hello"));
    gcloud("storage cp gs://tenant-media/large.bin back.bin");
    EXPECT_TRUE(stage_->read("back.bin") == large);
    gcloud("storage cp gs://tenant-media/large.bin gs://tenant-media/copy.bin");
    EXPECT_THAT(gcloud("storage ls --recursive gs://tenant-media"), HasSubstr("copy.bin"));
    gcloud("storage objects update gs://tenant-media/copy.bin --cache-control=no-store");
    EXPECT_THAT(gcloud("storage objects describe gs://tenant-media/copy.bin"),
                HasSubstr("no-store"));
    gcloud("storage mv gs://tenant-media/copy.bin gs://tenant-media/moved.bin");
    EXPECT_THAT(refusal("storage objects describe gs://tenant-media/copy.bin"),
                HasSubstr("copy.bin"));

    for (auto const* const name : {"tree/a.txt", "tree/deep/b.txt"}) file(name, "x");
    gcloud("storage rsync --recursive tree gs://tenant-media/tree");
    file("tree/a.txt", "changed");
    gcloud("storage rsync --recursive tree gs://tenant-media/tree");
    EXPECT_THAT(gcloud("storage cat gs://tenant-media/tree/a.txt"), HasSubstr("changed"));
    EXPECT_THAT(gcloud("storage ls --recursive gs://tenant-media/tree"), HasSubstr("deep/b.txt"));

    gcloud("storage buckets update gs://tenant-media --versioning");
    gcloud(
        "storage buckets add-iam-policy-binding gs://tenant-media "
        "--member=serviceAccount:wp@sandbox-project.iam.gserviceaccount.com "
        "--role=roles/storage.objectAdmin");
    EXPECT_THAT(gcloud("storage buckets get-iam-policy gs://tenant-media"),
                HasSubstr("wp@sandbox-project"));
    gcloud("storage rm gs://tenant-media/moved.bin");
    EXPECT_THAT(refusal("storage buckets delete gs://tenant-media"), HasSubstr("not empty"));
    gcloud("storage rm --all-versions gs://tenant-media/**");
    gcloud("storage buckets delete gs://tenant-media");
    EXPECT_THAT(refusal("storage ls gs://tenant-media"), HasSubstr("tenant-media"));
}

TEST_P(GcloudTest, AServiceAccountWithItsKey) {
    gcloud("iam service-accounts create wp-site --display-name=wp");
    auto const account = std::string("wp-site@sandbox-project.iam.gserviceaccount.com");
    gcloud("iam service-accounts keys create key.json --iam-account=" + account);
    gcloud("storage buckets create gs://tenant-media --location=us-central1");
    stage_->set_gcloud("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "");
    gcloud("auth activate-service-account --key-file=key.json");
    EXPECT_THAT(gcloud("auth list --format=value(account)"), HasSubstr(account));
    EXPECT_THAT(gcloud("auth print-access-token"), HasSubstr("ya29."));
    gcloud("storage cp " + file("small.txt", "hello") + " gs://tenant-media/small.txt");
    auto const signed_url = gcloud(
        "storage sign-url gs://tenant-media/small.txt --duration=5m "
        "--private-key-file=key.json --format=value(signed_url)");
    EXPECT_THAT(signed_url, HasSubstr("x-goog-signature="));
}

INSTANTIATE_TEST_SUITE_P(Modes, GcloudTest,
                         ::testing::Values(ClientMode::Overrides, ClientMode::Proxy),
                         [](auto const& parameter) {
                             return parameter.param == ClientMode::Proxy ? "Proxy" : "Overrides";
                         });

}  // namespace
}  // namespace aipress
