// A site backed up, proven and restored, on real database servers.
#include "backup/backups.h"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "backup/site_secrets.h"
#include "backup/tenant_key.h"
#include "http/base64.h"
#include "testing/backup_stage.h"
#include "testing/database_engine.h"
#include "testing/status_matchers.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using testing::BackupStage;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using ::testing::Not;

constexpr char const* kBackup = "20261130T120000Z-move-1";
constexpr char const* kBucket = "aipress-migration-backups";
constexpr char const* kFolder = "tenant-001/20261130T120000Z-move-1/";

class BackupsTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!testing::Engine::find(testing::ServerKind::MariaDb).ok()) {
            GTEST_SKIP() << "no mariadbd on this machine";
        }
        stage_ = std::make_unique<BackupStage>();
    }

    gcp::Outcome<Manifest> take(std::string const& id = kBackup) {
        return stage_->backups().take(stage_->context(), stage_->site(), id, BackupStage::quiet);
    }
    gcp::Outcome<Proof> verify(std::string const& id = kBackup) {
        return stage_->backups().verify(stage_->context(), BackupStage::kTenant, id,
                                        stage_->scratch(), BackupStage::quiet);
    }
    RestoreOrder order(DatabaseChoice choice) {
        return {.tenant = BackupStage::kTenant,
                .backup = kBackup,
                .home = stage_->site().home,
                .database = stage_->site().database,
                .scratch = stage_->scratch(),
                .choice = choice};
    }
    gcp::Outcome<RestoreReport> restore(RestoreOrder const& wanted) {
        return stage_->backups().restore(stage_->context(), wanted, BackupStage::quiet);
    }
    gcp::Outcome<RestorePlan> describe(RestoreOrder const& wanted) {
        return stage_->backups().describe_restore(stage_->context(), wanted);
    }
    std::string secret(std::string const& name, std::string const& version) {
        auto const found =
            gcp::SecretManager(stage_->connection())
                .access_version(stage_->context(),
                                {.project = BackupStage::kProject, .secret = name}, version);
        return found.ok() ? found->reveal() : found.error().message();
    }
    // What is in the backup, changed by somebody.
    void damage(std::string const& name, std::string const& bytes) {
        stage_->put(kBucket, kFolder + name, bytes);
    }
    std::map<std::string, std::string> kept() { return stage_->objects(kBucket, kFolder); }
    // Nothing is left of what was made on the way, and the other tenant is as it was.
    void expect_tidy() {
        EXPECT_THAT(stage_->databases("shard-db"), Not(Contains(HasSubstr("scratch"))));
        for (auto const& [name, bytes] : kept()) {
            EXPECT_THAT(name, Not(AllOf(HasSubstr("staging/"), HasSubstr("exports/"))));
        }
        auto const policy = stage_->host().get(
            fmt::format("//storage.googleapis.com/storage/v1/b/{}/iam", kBucket));
        EXPECT_THAT(policy.text, Not(HasSubstr("gcp-sa-cloud-sql")));
        auto other = stage_->connect("shard-db", "wordpress");
        EXPECT_EQ(must(other.query(stage_->context(), "SELECT body FROM wp_posts")).scalar(),
                  "of another tenant");
    }

    std::unique_ptr<BackupStage> stage_;
};

TEST_F(BackupsTest, ASiteIsBackedUpWholeAndProven) {
    auto const manifest = take();
    ASSERT_THAT(manifest, IsOk());
    EXPECT_EQ(manifest->files(), 4u);
    std::vector<std::string> names;
    for (auto const& object : manifest->objects) names.push_back(object.name);
    EXPECT_THAT(
        names, ElementsAre("database.sql.gz", "database.json", "configuration.json", "secrets.json",
                           "terraform/tenants/tenant-001/default.tfstate.sealed.json"));
    auto const proof = verify();
    ASSERT_THAT(proof, IsOk());
    EXPECT_EQ(proof->files, 4u);
    EXPECT_EQ(proof->objects, 4u + 1u + 5u);
    EXPECT_EQ(proof->secrets, 2u);
    EXPECT_EQ(proof->states, 1u);
    EXPECT_EQ(proof->database.tables, 3u);
    EXPECT_EQ(proof->database.rows, 1'505u);
    EXPECT_EQ(proof->database.compared_rows, 1'505u);
    EXPECT_EQ(proof->database.changed_meanwhile, 0u);
    expect_tidy();

    auto const there = kept();
    EXPECT_EQ(there.at("files/2026/02/größe + 100%2F.txt"), "UTF-8, blank, plus, percent");
    auto const configuration = there.at("configuration.json");
    for (auto const* const part :
         {"ghs.googlehosted.com.", "db-g1-small", "tenant-001-media", "DomainMapping",
          "us-central1-docker.pkg.dev/p/sites/wordpress:6"}) {
        EXPECT_THAT(configuration, HasSubstr(part));
    }
    // Again under the same id: it is there.
    EXPECT_EQ(take()->taken_at, manifest->taken_at);
    auto const all = stage_->backups().list(stage_->context(), BackupStage::kTenant);
    ASSERT_THAT(all, IsOk());
    ASSERT_EQ(all->size(), 1u);
    EXPECT_EQ(all->front().backup, kBackup);
    EXPECT_EQ(all->front().fault, "");
}

TEST_F(BackupsTest, NoSecretIsReadableInWhatIsKeptOrSaid) {
    ASSERT_THAT(take(), IsOk());
    std::string said = json::serialize(to_json(*verify()));
    said += json::serialize(to_json(*describe(order(DatabaseChoice::Replace))));
    said += json::serialize(to_json(*restore(order(DatabaseChoice::Replace))));
    damage("secrets.json", kept().at("secrets.json") + " ");
    said += verify().error().message();
    for (auto const& [name, bytes] : kept()) said += name + "\n" + bytes + "\n";
    for (auto const& url : stage_->transport().urls()) said += url + "\n";
    auto const key = secret(key_secret_name(BackupStage::kTenant), "1");
    ASSERT_EQ(key.size(), 32u);
    for (std::string const& known :
         {std::string(BackupStage::kDatabasePassword), std::string(BackupStage::kPinnedSecret),
          std::string(BackupStage::kStatePassword), std::string(BackupStage::kRootPassword), key}) {
        EXPECT_THAT(said, Not(HasSubstr(known)));
        EXPECT_THAT(said, Not(HasSubstr(http::encode_base64(known))));
    }
}

TEST_F(BackupsTest, ALostSiteIsRestored) {
    auto const files = stage_->objects("tenant-001-media", "");
    ASSERT_THAT(take(), IsOk());
    stage_->execute("DELETE FROM wp_posts WHERE ID % 2 = 0");
    stage_->execute("UPDATE wp_options SET option_value = 'http://evil' LIMIT 1");
    stage_->execute("DROP TABLE old_hits");
    stage_->put("tenant-001-media", "2026/01/empty.txt", "no more");
    stage_->put("tenant-001-media", "new.txt", "uploaded since");
    gcp::Storage const storage(stage_->connection());
    auto const gone =
        storage.get_object(stage_->context(), "tenant-001-media", "2026/01/picture.jpg");
    ASSERT_THAT(
        storage.delete_object(stage_->context(), gone->bucket, gone->name, gone->generation),
        IsOk());
    gcp::SecretManager const secrets(stage_->connection());
    gcp::SecretName const password{.project = BackupStage::kProject,
                                   .secret = "tenant-001-db-password"};
    gcp::SecretName const mail{.project = BackupStage::kProject, .secret = "tenant-001-mail"};
    ASSERT_THAT(secrets.delete_secret(stage_->context(), password), IsOk());

    auto const plan = describe(order(DatabaseChoice::Replace));
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(plan->database, DatabaseState::Other);
    EXPECT_EQ(plan->files.missing, 1u);
    EXPECT_EQ(plan->files.different, 1u);
    EXPECT_EQ(plan->files.extra, 1u);
    EXPECT_EQ(plan->secrets.at(0).action, SecretAction::Make);
    EXPECT_EQ(plan->secrets.at(1).action, SecretAction::Keep);
    EXPECT_THAT(restore(order(DatabaseChoice::OnlyEmpty)),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("nothing was changed")));
    EXPECT_THAT(secrets.get_secret(stage_->context(), password), HasCode(ErrorCode::NotFound));

    auto const report = restore(order(DatabaseChoice::Replace));
    ASSERT_THAT(report, IsOk());
    EXPECT_TRUE(report->is_database_loaded);
    EXPECT_EQ(report->files_written, 2u);
    EXPECT_EQ(report->database.compared_rows, 1'505u);
    auto restored = stage_->objects("tenant-001-media", "");
    EXPECT_EQ(restored.erase("new.txt"), 1u);
    EXPECT_EQ(restored, files);
    EXPECT_EQ(secret("tenant-001-db-password", "latest"), BackupStage::kDatabasePassword);
    auto const policy = secrets.get_policy(stage_->context(), password);
    EXPECT_THAT(json::serialize(*policy), HasSubstr("site@example.iam.gserviceaccount.com"));
    EXPECT_EQ(secret("tenant-001-mail", "latest"), "newer");
    // Once more: there is nothing to do.
    auto const again = restore(order(DatabaseChoice::OnlyEmpty));
    ASSERT_THAT(again, IsOk());
    EXPECT_FALSE(again->is_database_loaded);
    EXPECT_EQ(again->files_written, 0u);
    EXPECT_EQ(again->proof.secrets_gone, std::vector<std::string>());
    expect_tidy();
}

TEST_F(BackupsTest, AnotherHomeIsFilledFromIt) {
    ASSERT_THAT(take(), IsOk());
    auto wanted = order(DatabaseChoice::OnlyEmpty);
    wanted.home.instance = "shard-db";
    wanted.home.database = "tenant_001";
    wanted.home.bucket = "shard-media";
    wanted.home.prefix = "tenants/tenant-001/";
    wanted.database = stage_->endpoint("shard-db", "");
    ASSERT_THAT(
        gcp::Storage(stage_->connection())
            .create_bucket(stage_->context(), BackupStage::kProject, {{"name", "shard-media"}}),
        IsOk());
    EXPECT_EQ(describe(wanted)->database, DatabaseState::Absent);
    auto const report = restore(wanted);
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->files_written, 4u);
    EXPECT_EQ(stage_->objects("shard-media", "tenants/tenant-001/"),
              stage_->objects("tenant-001-media", ""));
    auto session = stage_->connect("shard-db", "tenant_001");
    EXPECT_EQ(must(session.query(stage_->context(), "SELECT COUNT(*) FROM recent")).scalar(), "10");
    expect_tidy();
}

TEST_F(BackupsTest, WhateverIsDamagedIsFoundAndNothingIsTouched) {
    ASSERT_THAT(take(), IsOk());
    auto const whole = kept();
    stage_->execute("DELETE FROM wp_posts");
    auto const other_dump = [&] {
        // A whole dump, which is not the one that was taken.
        EXPECT_THAT(take("other"), IsOk());
        return stage_->objects(kBucket, "tenant-001/other/").at("database.sql.gz");
    }();
    auto const cut = [&](std::string const& name) {
        return whole.at(name).substr(0, whole.at(name).size() - 1);
    };
    auto flipped = whole.at("manifest.json");
    flipped[flipped.find("\"bytes\":") + 8] ^= 1;
    for (auto const& [name, bytes] : std::map<std::string, std::string>{
             {"database.sql.gz", other_dump},
             {"database.json", "{}"},
             {"configuration.json", "{}"},
             {"secrets.json", cut("secrets.json")},
             {"files/2026/01/picture.jpg", std::string(70'000, '\xfe')},
             {"files/2026/01/empty.txt", "x"},
             {"file-lists/000001.json", cut("file-lists/000001.json")},
             {"manifest.json", flipped}}) {
        damage(name, bytes);
        EXPECT_THAT(verify(), HasError(ErrorCode::DataLoss, HasSubstr(name))) << name;
        EXPECT_THAT(restore(order(DatabaseChoice::Replace)), HasCode(ErrorCode::DataLoss)) << name;
        damage(name, whole.at(name));
    }
    damage("manifest.json", "{}");
    auto const all = stage_->backups().list(stage_->context(), BackupStage::kTenant);
    ASSERT_THAT(all, IsOk());
    EXPECT_THAT(all->at(0).fault, HasSubstr("damaged"));
    EXPECT_THAT(take(), HasCode(ErrorCode::DataLoss));
    damage("manifest.json", whole.at("manifest.json"));
    auto session = stage_->connect("tenant-001-db", "wordpress");
    EXPECT_EQ(must(session.query(stage_->context(), "SELECT COUNT(*) FROM wp_posts")).scalar(),
              "0");
    EXPECT_THAT(verify(), IsOk());
    expect_tidy();
}

// The digests catch what the sums cannot: a dump that was not the database's to begin with.
TEST_F(BackupsTest, ADumpThatIsNotTheDatabasesIsFound) {
    ASSERT_THAT(take(), IsOk());
    auto record = must(parse_record(kept().at("database.json")));
    EXPECT_THAT(check_database(stage_->context(), stage_->site().database, record), IsOk());
    auto const differs = [&](std::string const& change, std::string const& undo) {
        stage_->execute(change);
        auto const check = check_database(stage_->context(), stage_->site().database, record);
        stage_->execute(undo);
        return check.ok() ? "" : check.error().message();
    };
    // How many ranges there are depends on the server's estimate of the rows.
    EXPECT_THAT(differs("UPDATE wp_posts SET post_title = CONCAT(post_title, ' ') WHERE ID = 700",
                        "UPDATE wp_posts SET post_title = LEFT(post_title, "
                        "CHAR_LENGTH(post_title) - 1) WHERE ID = 700"),
                ::testing::ContainsRegex("table wp_posts, range . of .: "));
    EXPECT_THAT(differs("CREATE TABLE more (a INT)", "DROP TABLE more"),
                HasSubstr("table more is not of the backup"));
    EXPECT_THAT(differs("RENAME TABLE wp_options TO o", "RENAME TABLE o TO wp_options"),
                HasSubstr("table wp_options is missing"));
    EXPECT_THAT(differs("DROP VIEW recent",
                        "CREATE VIEW recent AS SELECT ID, post_title FROM wp_posts WHERE ID > "
                        "1490"),
                HasSubstr("view recent is missing"));
    EXPECT_THAT(differs("INSERT INTO old_hits VALUES ('new', 1)",
                        "DELETE FROM old_hits WHERE page = 'new'"),
                HasSubstr("table old_hits"));
    EXPECT_THAT(check_database(stage_->context(), stage_->site().database, record), IsOk());
    // The same by way of the scratch database: the dump of an hour later in this one's place.
    stage_->execute("DELETE FROM wp_options WHERE option_name = 'cron'");
    auto const manifest = take("later");
    ASSERT_THAT(manifest, IsOk());
    damage("database.sql.gz", stage_->objects(kBucket, "tenant-001/later/").at("database.sql.gz"));
    Folder const folder(stage_->connection(), kBucket, kFolder);
    Proof proof;
    EXPECT_THAT(check_dump(stage_->context(), stage_->connection(), folder, *manifest,
                           stage_->scratch(), proof),
                HasError(ErrorCode::DataLoss, HasSubstr("table wp_options, range 1 of 1: 1 rows")));
    expect_tidy();
}

TEST_F(BackupsTest, RowsThatChangeDuringTheExportAreToldApart) {
    auto const database = stage_->site().database;
    auto const context = stage_->context();
    auto record = measure_database(context, database);
    ASSERT_THAT(record, IsOk());
    // As if between the first measurement and the export, and between the export and the second.
    stage_->execute("INSERT INTO wp_posts (post_title) VALUES ('new'), ('newer')");
    stage_->execute("DELETE FROM wp_posts WHERE post_title = 'new'");
    ASSERT_THAT(measure_again(context, database, *record), IsOk());
    auto read = must(parse_record(write_record(*record)));
    auto check = check_database(context, database, read);
    ASSERT_THAT(check, IsOk());
    EXPECT_EQ(check->changed_meanwhile, 0u);
    EXPECT_EQ(check->compared_rows, 1'506u);
    stage_->execute("UPDATE wp_posts SET post_title = 'between' WHERE post_title = 'newer'");
    check = check_database(context, database, read);
    ASSERT_THAT(check, IsOk());
    EXPECT_EQ(check->changed_meanwhile, 1u);
    EXPECT_THAT(check->changed_tables, ElementsAre("wp_posts"));
    EXPECT_LT(check->compared_rows, 1'506u);
    // More rows than there ever were.
    stage_->execute("INSERT INTO wp_posts (post_title) VALUES ('one'), ('two')");
    EXPECT_THAT(check_database(context, database, read), HasCode(ErrorCode::DataLoss));
    stage_->execute("ALTER TABLE wp_options ADD autoload INT");
    EXPECT_THAT(measure_again(context, database, read),
                HasError(ErrorCode::Aborted, HasSubstr("take the backup again")));
}

TEST_F(BackupsTest, SecretsDoNotOpenInEachOthersPlace) {
    ASSERT_THAT(take(), IsOk());
    auto all = must(parse_secrets(kept().at("secrets.json")));
    ASSERT_EQ(all.size(), 2u);
    gcp::SecretManager const secrets(stage_->connection());
    auto const key =
        TenantKey::ensure(stage_->context(), secrets, BackupStage::kProject, BackupStage::kTenant);
    ASSERT_THAT(key, IsOk());
    EXPECT_EQ(must(all[0].open(*key)).reveal(), BackupStage::kDatabasePassword);
    EXPECT_EQ(must(all[1].open(*key)).reveal(), BackupStage::kPinnedSecret);
    std::swap(all[0].sealed, all[1].sealed);
    EXPECT_THAT(all[0].open(*key), HasCode(ErrorCode::DataLoss));
    auto const other = TenantKey::find(stage_->context(), secrets, key->name(), "tenant-002");
    ASSERT_THAT(other, IsOk());
    EXPECT_THAT(all[1].open(*other), HasCode(ErrorCode::DataLoss));
    // Without its key a backup says so.
    ASSERT_THAT(secrets.delete_secret(stage_->context(), {.project = BackupStage::kProject,
                                                          .secret = key->name().secret}),
                IsOk());
    EXPECT_THAT(verify(), HasError(ErrorCode::NotFound, HasSubstr("key of tenant-001's backups")));
}

TEST_F(BackupsTest, BadInputIsRefusedWithTheNextStep) {
    for (auto const* const id : {"", "a/b", "..", "ü", "a b"}) {
        EXPECT_THAT(take(id), HasError(ErrorCode::InvalidArgument, HasSubstr("id of a backup")));
    }
    EXPECT_THAT(verify("none"), HasCode(ErrorCode::NotFound));
    ASSERT_THAT(
        gcp::Storage(stage_->connection())
            .create_bucket(stage_->context(), BackupStage::kProject, {{"name", "open-bucket"}}),
        IsOk());
    auto vault = stage_->vault();
    vault.bucket = "open-bucket";
    EXPECT_THAT(
        Backups(stage_->connection(), vault)
            .take(stage_->context(), stage_->site(), kBackup, BackupStage::quiet),
        HasError(ErrorCode::FailedPrecondition, HasSubstr("--uniform-bucket-level-access")));
    auto site = stage_->site();
    site.home.service = "nobody";
    EXPECT_THAT(stage_->backups().take(stage_->context(), site, kBackup, BackupStage::quiet),
                HasCode(ErrorCode::NotFound));
}

}  // namespace
}  // namespace aipress::backup
