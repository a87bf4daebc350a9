// A tenant with 20,000 files, and a process that is killed at any moment of its passes.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/subprocess.h"
#include "base/workers.h"
#include "objects/carry.h"
#include "objects/compare.h"
#include "testing/storage_stage.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using objects::carry;
using objects::compare;
using objects::FolderPair;
using objects::PassOptions;
using testing::IsOk;

constexpr int kFiles = 20'000;
constexpr char const* kUrlVariable = "AIPRESS_TEST_SANDBOX";
FolderPair const kFolders{.from = {.bucket = "site"},
                          .to = {.bucket = "shard", .prefix = "tenants/tenant-001/"}};

class ObjectsScaleTest : public testing::StorageStage {
protected:
    // Their names are as long as WordPress makes them; no two are the same.
    void fill(int count) {
        Workers<int, gcp::Outcome<gcp::Done>> workers(
            16, [&](unsigned, int& number) -> gcp::Outcome<gcp::Done> {
                gcp::NewObject const made{
                    .bucket = "site",
                    .name = fmt::format("{}/{:02}/a-picture-of-something-{}-1024x768.jpg",
                                        2016 + number % 10, 1 + number % 12, number),
                    .content_type = "image/jpeg"};
                TRY(others_.insert_object(long_, made, fmt::format("bytes of {}", number)));
                return gcp::Done();
            });
        for (int i = 0; i < count; ++i) workers.add(i);
        auto const failure = workers.finish();
        ASSERT_FALSE(failure) << failure->error().message();
    }

    Context const long_{clock_, Deadline::after(clock_, milliseconds(600'000)), {}};
};

TEST_F(ObjectsScaleTest, TwentyThousandFilesArriveAndTheLastPassIsQuick) {
    fill(kFiles);
    auto const began = clock_.now();
    auto const first = carry(long_, storage_, kFolders, {}, {});
    ASSERT_THAT(first, IsOk());
    EXPECT_EQ(first->copied, kFiles);
    EXPECT_GT(first->waypoints.size(), 5);
    EXPECT_LE(first->waypoints.size(), objects::limits::kWaypoints);
    auto const copied = clock_.now();
    network_.forget_requests();
    PassOptions const options{.waypoints = first->waypoints};
    auto const last = carry(long_, storage_, kFolders, options, {});
    auto const listed = clock_.now();
    ASSERT_THAT(last, IsOk());
    EXPECT_TRUE(last->is_proof());
    EXPECT_EQ(last->listed, kFiles);
    // Full pages, but for each range's last one, on each of the two sides.
    auto const pages = 2 * (kFiles / 1'000 + static_cast<int>(first->waypoints.size()) + 1);
    ASSERT_EQ(network_.requests().size(), 1);
    EXPECT_LE(network_.requests().at("GET"), pages);
    auto const compared = compare(long_, storage_, kFolders, first->waypoints);
    ASSERT_THAT(compared, IsOk());
    EXPECT_TRUE(compared->is_equal());
    EXPECT_EQ(compared->objects, kFiles);
    fmt::print("{} files: copied in {} ms, the last pass in {} ms\n", kFiles,
               elapsed_ms(began, copied).count(), elapsed_ms(copied, listed).count());
}

// What the next test starts.
TEST(CarryProcess, DISABLED_CarriesOnceAsAProcessOfItsOwn) {
    auto const* const url = std::getenv(kUrlVariable);
    ASSERT_NE(url, nullptr);
    SystemClock clock;
    gcp::HttpTransport network;
    auto const tokens = gcp::make_fixed_token("ya29.test");
    gcp::QuotaBroker quotas(clock);
    gcp::Connection const connection(network, *tokens, quotas, {.endpoints = {{"", url}}});
    gcp::Storage const storage(connection);
    EXPECT_THAT(carry(testing::test_context(), storage, kFolders, {}, {}), IsOk());
}

// SIGKILL at ever later moments of a pass; then one that is left alone.
TEST_F(ObjectsScaleTest, AKilledPassIsCarriedOnByTheNext) {
    fill(1'500);
    for (int i = 0; i < 200; ++i) write("shard", fmt::format("tenants/tenant-001/old-{}", i), "x");
    ProcessOptions options;
    options.arguments = {std::filesystem::read_symlink("/proc/self/exe").string(),
                         "--gtest_filter=*CarriesOnceAsAProcessOfItsOwn",
                         "--gtest_also_run_disabled_tests"};
    options.environment = {{kUrlVariable, host_.url()}};
    int killed = 0;
    for (int round = 1; round <= 8; ++round) {
        auto child = testing::must(Process::start(options));
        clock_.sleep_for(milliseconds(25 * round), {});
        child.send_signal(SIGKILL);
        if (testing::must(child.wait(long_)).signal == SIGKILL) ++killed;
    }
    EXPECT_GT(killed, 0);
    ASSERT_THAT(carry(long_, storage_, kFolders, {}, {}), IsOk());
    auto const compared = compare(long_, storage_, kFolders);
    ASSERT_THAT(compared, IsOk());
    EXPECT_TRUE(compared->is_equal());
    EXPECT_EQ(compared->objects, 1'500);
}

}  // namespace
}  // namespace aipress
