// `aipress tenant` on real sites: there and back, by hand and as a whole, two at once.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "base/subprocess.h"
#include "client_stage.h"
#include "http/client.h"
#include "pooler_stage.h"
#include "tenant_stage.h"
#include "testing/must.h"
#include "testing/status_matchers.h"

namespace aipress::functional {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using testing::CommandResult;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must;

constexpr char const* kSecrets = "secretmanager.googleapis.com";
constexpr char const* kSql = "sqladmin.googleapis.com";
constexpr char const* kAlias = "www.a-tenants-own.example";
constexpr char const* kRun = "run.googleapis.com";

std::string secrets_of(std::string_view project) {
    return fmt::format("/v1/projects/{}/secrets", project);
}

std::string in_instance(std::string_view what) {
    return fmt::format("/v1/projects/{0}/instances/{0}-db/{1}", kShard, what);
}

// Nothing that a migration made is left in either project, but for the backup and its key.
void expect_nothing_left(TenantStage& stage, std::string const& tenant) {
    EXPECT_THAT(stage.names(kSecrets, secrets_of(kShard), "secrets", "name"), IsEmpty());
    for (auto const& name : stage.names(kSecrets, secrets_of(poc::kProject), "secrets", "name")) {
        EXPECT_EQ(name.find("shard"), std::string::npos) << name;
    }
    EXPECT_THAT(stage.names(kSql, in_instance("databases"), "items", "name"),
                ::testing::Not(Contains(tenant)));
    for (auto const& user : stage.names(kSql, in_instance("users"), "items", "name")) {
        EXPECT_FALSE(user.starts_with("mover-") || user == tenant) << user;
    }
    EXPECT_THAT(
        stage.names(kRun, fmt::format("/v2/projects/{}/locations/us-central1/services", kShard),
                    "services", "name"),
        IsEmpty());
    auto const objects =
        stage.get("storage.googleapis.com", fmt::format("/storage/v1/b/{}-media/o", kShard));
    EXPECT_FALSE(objects.as_object().contains("items")) << json::serialize(objects);
}

std::string text_of(fs::path const& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

// Everything below the folder, in one text.
std::string all_texts(fs::path const& folder) {
    std::string all;
    for (auto const& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) all += text_of(entry.path());
    }
    return all;
}

// Another name of the first tenant, in a zone of its owner's, answers and is one of that project's.
void expect_alias(TenantStage& stage, std::string const& project) {
    EXPECT_EQ(stage.serving_project(std::string(kAlias)), project);
    auto const answer = stage.visit_host(kAlias, "/?rest_route=/");
    ASSERT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(answer.body.at("name").as_string(), stage.tenant(1).title);
}

// The first tenant is entered at ProxySQL, and what its site asks goes through it.
void expect_by_pooler(TenantStage& stage, PoolerStage const& pooler) {
    auto const entry = pooler.entry(stage.tenant(1).name);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->tenant, stage.tenant(1).name);
    EXPECT_TRUE(entry->is_active);
    auto const before = pooler.traffic();
    EXPECT_EQ(stage.visit(1, "/").status, 200);
    EXPECT_GT(pooler.traffic(), before);
}

TEST(TenantMigrationTest, ATenantMovesAndComesBackWithEverythingThatWasWritten) {
    TenantStage stage(1);
    PoolerStage const pooler(stage);
    auto const tenant = stage.tenant(1);
    stage.map_host(1, kAlias);
    ASSERT_TRUE(stage.comment(1, "written at home"));

    auto const moved =
        stage.run(pooler.words(stage.migrate_words(tenant.name)), pooler.environment());
    ASSERT_EQ(moved.status.code, 0) << moved.describe();
    auto const summary = must(moved.json());
    EXPECT_EQ(summary.at("state").as_string(), "moved");
    EXPECT_TRUE(summary.at("switched").as_bool());
    EXPECT_EQ(stage.serving_project(1), kShard);
    expect_alias(stage, kShard);
    expect_by_pooler(stage, pooler);
    EXPECT_THAT(stage.record(1), ElementsAre("aipress-shard-001.aipress.io."));
    EXPECT_TRUE(stage.has_comment(1, "written at home"));
    ASSERT_TRUE(stage.comment(1, "written in the shard"));
    EXPECT_TRUE(stage.has_comment(1, "written in the shard"));
    EXPECT_THAT(stage.names(kSql, in_instance("databases"), "items", "name"),
                Contains(tenant.name));

    // No secret is where it does not belong.
    auto const written = moved.output + moved.error + all_texts(stage.state());
    for (auto const& secret :
         {std::string(PoolerStage::kPassword), tenant.database_password(),
          tenant.administrator_password(), stage.secret(kShard, tenant.name + "-db-password"),
          stage.secret(kShard, tenant.name + "-mover-password")}) {
        EXPECT_EQ(written.find(secret), std::string::npos);
    }

    auto const back = stage.run({"rollback", tenant.name}, pooler.environment());
    ASSERT_EQ(back.status.code, 0) << back.describe();
    EXPECT_EQ(must(back.json()).at("state").as_string(), "rolled-back");
    EXPECT_EQ(stage.serving_project(1), poc::kProject);
    expect_alias(stage, std::string(poc::kProject));
    EXPECT_THAT(pooler.entries(), IsEmpty());
    EXPECT_THAT(stage.record(1), ElementsAre("ghs.googlehosted.com."));
    EXPECT_TRUE(stage.has_comment(1, "written at home"));
    EXPECT_TRUE(stage.has_comment(1, "written in the shard"));
    ASSERT_TRUE(stage.comment(1, "at home again"));
    EXPECT_TRUE(stage.has_comment(1, "at home again"));
    expect_nothing_left(stage, tenant.name);
}

TEST(TenantMigrationTest, TwoTenantsMoveToOneShardAtOnceAndOneCompletes) {
    TenantStage stage(2);
    PoolerStage const pooler(stage);
    std::vector<testing::AipressProcess> processes;
    for (unsigned i : {1u, 2u}) {
        processes.push_back(must(testing::AipressProcess::start(
            stage.command(pooler.words(stage.migrate_words(stage.tenant(i).name))),
            stage.environment(pooler.environment()))));
    }
    for (auto& process : processes) {
        auto const result = must(process.wait(stage_context()));
        EXPECT_EQ(result.status.code, 0) << result.describe();
    }
    for (unsigned i : {1u, 2u}) {
        EXPECT_EQ(stage.serving_project(i), kShard);
        EXPECT_THAT(stage.visit(i, "/").text, HasSubstr(stage.tenant(i).title));
    }
    auto const name = stage.tenant(2).name;
    EXPECT_EQ(stage.run({"complete", name, "--confirm", "another"}).status.code, 2);
    auto const completed = stage.run({"complete", name, "--confirm", name});
    EXPECT_EQ(completed.status.code, 0) << completed.describe();
    EXPECT_EQ(must(completed.json()).at("state").as_string(), "completed");
    auto const refused = stage.run({"rollback", name});
    EXPECT_EQ(refused.status.code, 1);
    // Side by side at ProxySQL, and what is completed stays.
    auto const entries = pooler.entries();
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_NE(entries[0].hostgroup, entries[1].hostgroup);
    for (unsigned i : {1u, 2u}) EXPECT_TRUE(pooler.entry(stage.tenant(i).name));
    EXPECT_TRUE(stage.comment(2, "after completion"));
    EXPECT_TRUE(stage.comment(1, "beside it"));
}

// The operator's scripts, one after the other.
TEST(TenantMigrationTest, ByHandItIsTheSame) {
    TenantStage stage(1);
    auto const name = stage.tenant(1).name;
    auto const script = [&](std::string const& file, std::vector<std::string> words) {
        ProcessOptions options;
        options.arguments = {fs::path(std::getenv("AIPRESS_SOURCE_DIR")) / "scripts" / file};
        options.arguments.insert(options.arguments.end(), words.begin(), words.end());
        options.environment = stage.environment(
            {{"AIPRESS", testing::aipress_binary()}, {"AIPRESS_STATE", stage.state().string()}});
        return must(run_process(stage_context(), options));
    };
    auto const expect_ok = [&](std::string const& file, std::vector<std::string> words) {
        auto const result = script(file, std::move(words));
        EXPECT_TRUE(result.status.success()) << file << ": " << result.standard_error;
    };
    std::string const project(poc::kProject);
    expect_ok("backup_tenant.sh", {name});
    // Nothing is copied before there is a place for it.
    EXPECT_FALSE(script("migrate_database.sh", {name, project, kShard}).status.success());
    expect_ok("provision_tenant_in_shard.sh",
              {name, kShard, "--ttl", "60s", "--observe", "3s", "--observe-every", "100ms"});
    EXPECT_FALSE(script("update_routing.sh", {name, ""}).status.success());
    expect_ok("migrate_database.sh", {name, project, kShard});
    EXPECT_FALSE(
        script("migrate_files.sh", {name, "another-bucket", std::string(kShard) + "-media"})
            .status.success());
    expect_ok("migrate_files.sh", {name, name + "-media", std::string(kShard) + "-media"});
    expect_ok("validate_migration.sh", {name});
    auto const service = stage.get(
        kRun, fmt::format("/v2/projects/{}/locations/us-central1/services/{}", kShard, name));
    expect_ok("update_routing.sh", {name, std::string(service.at("uri").as_string())});
    EXPECT_EQ(stage.serving_project(1), kShard);
    expect_ok("validate_migration.sh", {name});
    EXPECT_TRUE(stage.comment(1, "by hand"));
    auto const status = must(stage.run({"status", name}).json());
    EXPECT_EQ(status.at("state").as_string(), "running");
    EXPECT_TRUE(status.at("switched").as_bool());
    auto const observed = stage.run({"observe", name});
    EXPECT_EQ(observed.status.code, 0) << observed.describe();
    EXPECT_EQ(must(observed.json()).at("state").as_string(), "moved");
    EXPECT_THAT(text_of(stage.state() / "alerts.jsonl"), HasSubstr("\"moved\""));
    expect_ok("emergency_rollback.sh", {name});
    EXPECT_TRUE(stage.has_comment(1, "by hand"));
    EXPECT_EQ(stage.serving_project(1), poc::kProject);
}

// A file in the new home is not what it was: found by the observer, taken back by itself.
TEST(TenantMigrationTest, AMismatchBehindTheSwitchIsTakenBackByItself) {
    TenantStage stage(1);
    auto const name = stage.tenant(1).name;
    auto words = stage.migrate_words(name);
    *(std::find(words.begin(), words.end(), "--observe") + 1) = "60s";
    auto process = must(testing::AipressProcess::start(stage.command(words), stage.environment()));
    auto const context = stage_context();
    while (process.error().find("observe/watch") == std::string::npos) {
        ASSERT_TRUE(process.running()) << process.error();
        ASSERT_TRUE(context.sleep(milliseconds(20)));
    }
    // The site's own media file is another tenant's picture now, in every size.
    auto const listed =
        stage.get("storage.googleapis.com", fmt::format("/storage/v1/b/{}-media/o", kShard));
    for (auto const& item : listed.at("items").as_array()) {
        auto const object = http::percent_encoded(std::string(item.at("name").as_string()));
        auto const put = stage.call("POST", "storage.googleapis.com",
                                    fmt::format("/upload/storage/v1/b/{}-media/"
                                                "o?uploadType=media&name={}",
                                                kShard, object),
                                    "not the picture");
        ASSERT_EQ(put.status, 200) << put.text;
    }
    auto const result = must(process.wait(context));
    EXPECT_EQ(result.status.code, 1) << result.describe();
    EXPECT_THAT(result.error, HasSubstr("rolled back by itself"));
    EXPECT_EQ(must(result.json()).at("state").as_string(), "rolled-back");
    EXPECT_EQ(stage.serving_project(1), poc::kProject);
    EXPECT_THAT(text_of(stage.state() / "alerts.jsonl"), HasSubstr("rolling back"));
    auto const why = must(stage.run({"why", name}).json());
    EXPECT_THAT(std::string(why.at("reason").as_string()), HasSubstr("verdict"));
}

// All that visitors are served by and that the shard has, but for the mover's own login, with which
// a backup is proven.
std::string as_it_stands(TenantStage& stage) {
    auto const bucket = fmt::format("/storage/v1/b/{}-media", kShard);
    std::string all;
    for (auto const& [host, path] : std::vector<std::pair<std::string, std::string>>{
             {kRun, fmt::format("/v2/projects/{}/locations/us-central1/services", poc::kProject)},
             {kRun, fmt::format("/v2/projects/{}/locations/us-central1/services", kShard)},
             {"dns.googleapis.com",
              fmt::format("/dns/v1/projects/{}/managedZones/aipress-io/rrsets", poc::kProject)},
             {kSql, in_instance("databases")},
             {"storage.googleapis.com", bucket + "/o"},
             {"storage.googleapis.com", bucket + "/iam"}}) {
        all += json::serialize(stage.get(host, path)) + "\n";
    }
    return all + stage.serving_project(1);
}

// A file of the backup is another one by the time that it is read back.
void expect_bad_backup_stops_it(TenantStage& stage, std::string const& name) {
    auto const before = as_it_stands(stage);
    auto const killed = stage.run(stage.migrate_words(name),
                                  {{"AIPRESS_KILL_AT", "journal-backup/take-done.after"}});
    ASSERT_NE(killed.status.signal, 0) << killed.describe();
    auto const listed =
        stage.get("storage.googleapis.com",
                  fmt::format("/storage/v1/b/aipress-migration-backups/o?prefix={}/", name));
    std::string victim;
    for (auto const& item : listed.at("items").as_array()) {
        std::string const object(item.at("name").as_string());
        if (object.find("/files/") != std::string::npos) victim = object;
    }
    ASSERT_FALSE(victim.empty());
    auto const put = stage.call("POST", "storage.googleapis.com",
                                "/upload/storage/v1/b/aipress-migration-backups/"
                                "o?uploadType=media&name=" +
                                    http::percent_encoded(victim),
                                "not what was backed up");
    ASSERT_EQ(put.status, 200) << put.text;
    auto const stopped = stage.run(stage.migrate_words(name));
    EXPECT_EQ(stopped.status.code, 1) << stopped.describe();
    EXPECT_THAT(stopped.error, HasSubstr(victim.substr(victim.find("/files/") + 1)));
    EXPECT_THAT(stage.run({"why", name}).output, HasSubstr("backup"));
    EXPECT_EQ(as_it_stands(stage), before);
    // A new migration takes a new backup.
    auto const back = stage.run({"rollback", name});
    EXPECT_EQ(back.status.code, 0) << back.describe();
    EXPECT_EQ(as_it_stands(stage), before);
}

TEST(TenantMigrationTest, WhatCannotBeDoneIsRefusedBeforeAnythingIsTouched) {
    TenantStage stage(1);
    auto const name = stage.tenant(1).name;
    auto const refused = [&](std::vector<std::string> const& words, std::string const& why) {
        auto const result = stage.run(words);
        EXPECT_NE(result.status.code, 0) << result.describe();
        EXPECT_THAT(result.error, HasSubstr(why));
    };
    refused({"migrate", "nobody", "--to", kShard}, "has no Cloud Run service nobody");
    refused({"migrate", "No/body", "--to", kShard}, "no tenant's name");
    refused({"migrate", name, "--to", "aipress-shard-999"}, "no shard that can be used");
    refused({"migrate", name, "--to", std::string(poc::kProject)}, "both where the tenant is");
    refused({"migrate", name}, "--to: missing");
    refused({"rollback", name}, "has no migration");
    refused({"status", name}, "has no migration");
    refused({"restore", name}, "no backup");
    auto const label = [&](std::string const& key, std::string const& value) {
        auto const path = fmt::format("/v3/projects/{}", kShard);
        auto project = stage.get("cloudresourcemanager.googleapis.com", path).as_object();
        project["labels"].as_object()[key] = value;
        auto const patched =
            stage.call("PATCH", "cloudresourcemanager.googleapis.com", path + "?updateMask=labels",
                       json::serialize(json::object{{"labels", project["labels"]}}));
        ASSERT_EQ(patched.status, 200) << patched.text;
    };
    label("aipress-state", "cordoned");
    refused({"migrate", name, "--to", kShard}, "is cordoned and takes no tenant");
    label("aipress-state", "active");
    label("aipress-capacity", "0");
    refused({"migrate", name, "--to", kShard}, "is full");
    label("aipress-capacity", "50");
    auto const plan = stage.run({"migrate", name, "--to", kShard, "--dry-run"});
    EXPECT_EQ(plan.status.code, 0) << plan.describe();
    EXPECT_EQ(must(plan.json()).at("shard_capacity").as_int64(), 50);
    EXPECT_FALSE(fs::exists(stage.state() / "tenants"));
    expect_bad_backup_stops_it(stage, name);
    expect_nothing_left(stage, name);
}

// As somebody sees it who knows nothing of AIPress.
TEST(TenantMigrationTest, GooglesOwnClientReadsTheResult) {
    if (!is_installed("gcloud")) GTEST_SKIP() << "gcloud is not installed";
    TenantStage stage(1);
    auto const name = stage.tenant(1).name;
    auto const moved = stage.run(stage.migrate_words(name));
    ASSERT_EQ(moved.status.code, 0) << moved.describe();
    auto const gcloud = [&](std::vector<std::string> words) {
        ProcessOptions options;
        options.arguments = {"gcloud", "--quiet"};
        options.arguments.insert(options.arguments.end(), words.begin(), words.end());
        options.environment =
            stage.sandbox().environment(sandbox::Client::Gcloud, sandbox::ClientMode::Overrides);
        auto const result = must(run_process(stage_context(), options));
        EXPECT_TRUE(result.status.success()) << result.standard_error;
        return result.standard_output;
    };
    std::string const project = std::string("--project=") + kShard;
    EXPECT_THAT(
        gcloud({"sql", "databases", "list", std::string("--instance=") + kShard + "-db", project}),
        HasSubstr(name));
    EXPECT_THAT(gcloud({"dns", "record-sets", "list", "--zone=aipress-io",
                        fmt::format("--project={}", poc::kProject)}),
                HasSubstr("aipress-shard-001.aipress.io."));
    EXPECT_THAT(gcloud({"storage", "ls", fmt::format("gs://{}-media/tenants/", kShard)}),
                HasSubstr("tenants/" + name + "/"));
    auto const service =
        gcloud({"run", "services", "describe", name, "--region=us-central1", project});
    EXPECT_THAT(service, HasSubstr(std::string(kShard) + "-media"));
    EXPECT_THAT(service, HasSubstr("tenants/" + name));
}

TEST(TenantMigrationTest, ABackupIsPutBackByCommand) {
    TenantStage stage(1);
    auto const name = stage.tenant(1).name;
    ASSERT_TRUE(stage.comment(1, "before the backup"));
    auto const taken = stage.run({"backup", name});
    ASSERT_EQ(taken.status.code, 0) << taken.describe();
    auto const files = [&] {
        return stage.names("storage.googleapis.com", fmt::format("/storage/v1/b/{}-media/o", name),
                           "items", "name");
    };
    auto const before = files();
    ASSERT_FALSE(before.empty());
    auto const listed =
        stage.get("storage.googleapis.com", fmt::format("/storage/v1/b/{}-media/o", name));
    for (auto const& item : listed.at("items").as_array()) {
        auto const object = http::percent_encoded(std::string(item.at("name").as_string()));
        stage.call("DELETE", "storage.googleapis.com",
                   fmt::format("/storage/v1/b/{}-media/o/{}", name, object));
    }
    ASSERT_TRUE(stage.comment(1, "since the backup"));
    auto const plan = stage.run({"restore", name, "--dry-run"});
    ASSERT_EQ(plan.status.code, 0) << plan.describe();
    EXPECT_EQ(must(plan.json()).at("files").at("missing").as_int64(),
              static_cast<std::int64_t>(before.size()));
    // What has been written since is not thrown away without the name.
    auto const refused = stage.run({"restore", name});
    EXPECT_EQ(refused.status.code, 1) << refused.describe();
    EXPECT_TRUE(stage.has_comment(1, "since the backup"));
    auto const restored = stage.run({"restore", name, "--confirm", name});
    ASSERT_EQ(restored.status.code, 0) << restored.describe();
    EXPECT_EQ(files(), before);
    EXPECT_TRUE(stage.has_comment(1, "before the backup"));
    EXPECT_FALSE(stage.has_comment(1, "since the backup"));
}

TEST(TenantMigrationTest, OneProcessWorksOnATenant) {
    TenantStage stage(1);
    auto const name = stage.tenant(1).name;
    auto process = must(testing::AipressProcess::start(stage.command(stage.migrate_words(name)),
                                                       stage.environment()));
    auto const context = stage_context();
    while (process.error().find("backup/take") == std::string::npos) {
        ASSERT_TRUE(process.running()) << process.error();
        ASSERT_TRUE(context.sleep(milliseconds(10)));
    }
    EXPECT_THAT(stage.run(stage.migrate_words(name)).error, HasSubstr("another process"));
    // On another machine there is another folder; the lease is at Google.
    auto elsewhere = stage.migrate_words(name);
    elsewhere.insert(elsewhere.end(), {"--state", (stage.state() / "elsewhere").string()});
    testing::Arguments words{"tenant"};
    words.insert(words.end(), elsewhere.begin(), elsewhere.end());
    auto const second = must(testing::run_aipress(context, words, stage.environment()));
    EXPECT_EQ(second.status.code, 1) << second.describe();
    EXPECT_THAT(second.error, HasSubstr("works on it"));
    auto const first = must(process.wait(context));
    EXPECT_EQ(first.status.code, 0) << first.describe();
}

}  // namespace
}  // namespace aipress::functional
