// A backup, its proof and its restore, ended at the requests that they make, before the server
// hears of one and after; each is then carried on with and comes to the same end.
//
// Every third request, and the seed says where it begins: most ask how far an operation is.
// AIPRESS_TEST_STRIDE=1 ends at every one.
#include <cstdlib>
#include <gmock/gmock.h>
#include <iostream>

#include "random_seed.h"
#include "sandbox/sql/server.h"
#include "testing/backup_stage.h"
#include "testing/status_matchers.h"

namespace aipress::backup {
namespace {

using testing::BackupStage;
using ::testing::Contains;
using testing::EndingTransport;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using ::testing::Not;

constexpr char const* kBucket = "aipress-migration-backups";
// A bound for what never ends; each takes fewer.
constexpr std::uint64_t kRequestsMost = 400;

class BackupKillTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!sandbox::find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
        stage_ = std::make_unique<BackupStage>();
    }

    // `act` is ended at its n-th request, for those n that it has from `first` on, and then done
    // whole.
    template <typename Act, typename Check>
    void end_everywhere(std::uint64_t first, Act const& act, Check const& check) {
        auto const seed = functional::first_seed();
        std::cout << "  AIPRESS_TEST_SEED=" << seed << std::endl;
        // Odd, so that unheard and lost ones take turns.
        auto const step = stride();
        auto request = first + seed % step;
        for (; request < kRequestsMost; request += step) {
            auto const last =
                request % 2 == 0 ? EndingTransport::Last::Lost : EndingTransport::Last::Unheard;
            stage_->transport().end_at(request, last);
            auto const ended = act(request);
            bool const was_ended = stage_->transport().count() >= request;
            stage_->transport().end_at(0, last);
            if (!was_ended) {
                ASSERT_THAT(ended, IsOk());
                break;
            }
            auto const whole = act(request);
            ASSERT_THAT(whole, IsOk()) << "ended at request " << request;
            check(request);
            if (HasFatalFailure()) return;
        }
        EXPECT_GT(request, first + 20);
        EXPECT_LT(request, kRequestsMost);
        RecordProperty("requests", static_cast<int>(request));
    }
    // The accounts of the instances have no access to the bucket any more.
    void expect_no_access() {
        auto const policy = stage_->host().get(
            fmt::format("//storage.googleapis.com/storage/v1/b/{}/iam", kBucket));
        EXPECT_EQ(policy.status, 200);
        EXPECT_THAT(policy.text, Not(HasSubstr("gcp-sa-cloud-sql")));
    }
    static std::uint64_t stride() {
        char const* const text = std::getenv("AIPRESS_TEST_STRIDE");
        return text == nullptr ? 3 : std::stoull(text);
    }
    static std::string id(std::uint64_t request) { return fmt::format("move-{}", request); }

    std::unique_ptr<BackupStage> stage_;
};

TEST_F(BackupKillTest, ABackupIsCarriedOnFromAnyRequest) {
    auto const take = [&](std::uint64_t request) {
        return stage_->backups().take(stage_->context(), stage_->site(), id(request),
                                      BackupStage::quiet);
    };
    auto const files = stage_->objects("tenant-001-media", "");
    end_everywhere(1, take, [&](std::uint64_t request) {
        auto const folder = fmt::format("tenant-001/{}/", id(request));
        Folder const place(stage_->connection(), kBucket, folder);
        auto const manifest =
            stage_->backups().read_manifest(stage_->context(), BackupStage::kTenant, id(request));
        ASSERT_THAT(manifest, IsOk());
        Proof proof;
        ASSERT_THAT(check_sums(stage_->context(), place, *manifest, proof), IsOk());
        ASSERT_THAT(check_sealed(stage_->context(), stage_->connection(), place, *manifest, proof),
                    IsOk());
        EXPECT_EQ(proof.secrets, 2u);
        EXPECT_EQ(stage_->objects(kBucket, folder + "files/"), files);
        EXPECT_TRUE(stage_->objects(kBucket, folder + "exports/").empty());
        expect_no_access();
    });
}

TEST_F(BackupKillTest, AProofIsRepeatedFromAnyRequest) {
    ASSERT_THAT(
        stage_->backups().take(stage_->context(), stage_->site(), id(0), BackupStage::quiet),
        IsOk());
    auto const verify = [&](std::uint64_t) {
        return stage_->backups().verify(stage_->context(), BackupStage::kTenant, id(0),
                                        stage_->scratch(), BackupStage::quiet);
    };
    end_everywhere(1, verify, [&](std::uint64_t) {
        EXPECT_THAT(stage_->databases("shard-db"), Not(Contains(HasSubstr("scratch"))));
        EXPECT_TRUE(stage_->objects(kBucket, "tenant-001/move-0/staging/").empty());
        expect_no_access();
    });
}

TEST_F(BackupKillTest, ARestoreIsRepeatedFromAnyRequest) {
    ASSERT_THAT(
        stage_->backups().take(stage_->context(), stage_->site(), id(0), BackupStage::quiet),
        IsOk());
    auto const files = stage_->objects("tenant-001-media", "");
    gcp::SecretManager const secrets(stage_->connection());
    gcp::SecretName const password{.project = BackupStage::kProject,
                                   .secret = "tenant-001-db-password"};
    auto const restore = [&](std::uint64_t) {
        RestoreOrder const order{.tenant = BackupStage::kTenant,
                                 .backup = id(0),
                                 .home = stage_->site().home,
                                 .database = stage_->site().database,
                                 .scratch = stage_->scratch(),
                                 .choice = DatabaseChoice::Replace};
        return stage_->backups().restore(stage_->context(), order, BackupStage::quiet);
    };
    auto const destroy = [&] {
        stage_->execute("DELETE FROM wp_options");
        stage_->put("tenant-001-media", "2026/01/empty.txt", "no more");
        ASSERT_THAT(secrets.delete_secret(stage_->context(), password), IsOk());
    };
    // It begins with a proof, whose requests the test above ends at.
    stage_->transport().end_at(0, EndingTransport::Last::Lost);
    ASSERT_THAT(stage_->backups().verify(stage_->context(), BackupStage::kTenant, id(0),
                                         stage_->scratch(), BackupStage::quiet),
                IsOk());
    auto const first = stage_->transport().count();
    destroy();
    end_everywhere(first, restore, [&](std::uint64_t) {
        EXPECT_EQ(stage_->objects("tenant-001-media", ""), files);
        auto session = stage_->connect("tenant-001-db", "wordpress");
        EXPECT_EQ(
            must(session.query(stage_->context(), "SELECT COUNT(*) FROM wp_options")).scalar(),
            "2");
        auto const live = secrets.access_version(stage_->context(), password, "latest");
        ASSERT_THAT(live, IsOk());
        EXPECT_EQ(live->reveal(), BackupStage::kDatabasePassword);
        EXPECT_THAT(boost::json::serialize(*secrets.get_policy(stage_->context(), password)),
                    HasSubstr("site@example.iam.gserviceaccount.com"));
        destroy();
    });
}

}  // namespace
}  // namespace aipress::backup
