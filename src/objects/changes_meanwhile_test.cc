// What others write, replace and delete during a pass, each at the very request that is meant.
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <future>

#include "objects/carry.h"
#include "objects/compare.h"
#include "testing/storage_stage.h"

namespace aipress::objects {
namespace {

using ::testing::ElementsAre;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Pair;

class ChangesMeanwhileTest : public testing::StorageStage {
protected:
    PassReport pass() {
        auto report = carry(context_, storage_, folders_, {}, {});
        EXPECT_THAT(report, IsOk());
        return report.ok() ? report.release() : PassReport();
    }
    // Nobody meddles any more: one pass, then the proof.
    void expect_the_next_pass_settles_it() {
        network_.leave_alone();
        pass();
        auto const compared = compare(context_, storage_, folders_);
        ASSERT_THAT(compared, IsOk());
        EXPECT_TRUE(compared->is_equal());
        EXPECT_TRUE(pass().is_proof());
    }

    FolderPair const folders_{.from = {.bucket = "site"},
                              .to = {.bucket = "shard", .prefix = "tenants/a/"}};
};

TEST_F(ChangesMeanwhileTest, ASourceThatIsReplacedIsCopiedAsItIsThen) {
    write("site", "a", "old");
    network_.before("POST", "/rewriteTo/", [&] { write("site", "a", "newer"); });
    auto const report = pass();
    EXPECT_EQ(report.overtaken, 1);
    EXPECT_EQ(report.copied, 1);
    EXPECT_EQ(report.copied_bytes, 5);
    EXPECT_FALSE(report.is_proof());
    EXPECT_THAT(files("shard"), ElementsAre(Pair("tenants/a/a", "newer")));
}

TEST_F(ChangesMeanwhileTest, ASourceThatIsDeletedIsLeftToTheNextPass) {
    write("site", "a", "new");
    write("site", "b", "b");
    write("shard", "tenants/a/a", "old");
    network_.before("POST", "o/a/rewriteTo/", [&] { remove("site", "a"); });
    auto const report = pass();
    EXPECT_EQ(report.vanished, 1);
    EXPECT_EQ(report.overtaken, 1);
    EXPECT_EQ(report.copied, 1);
    expect_the_next_pass_settles_it();
    EXPECT_THAT(files("shard"), ElementsAre(Pair("tenants/a/b", "b")));
}

TEST_F(ChangesMeanwhileTest, ATargetThatIsWrittenToIsLookedAtAgain) {
    write("site", "a", "mine");
    network_.before("POST", "/rewriteTo/", [&] { write("shard", "tenants/a/a", "another's"); });
    auto const report = pass();
    EXPECT_EQ(report.overtaken, 1);
    EXPECT_EQ(report.copied, 1);
    EXPECT_THAT(files("shard"), ElementsAre(Pair("tenants/a/a", "mine")));
}

TEST_F(ChangesMeanwhileTest, WhatAnotherPassHasCopiedIsNotCopiedAgain) {
    write("site", "a", "x");
    gcp::Generation theirs = 0;
    network_.before("POST", "/rewriteTo/",
                    [&] { theirs = write("shard", "tenants/a/a", "x").generation; });
    auto const report = pass();
    EXPECT_EQ(report.overtaken, 1);
    EXPECT_EQ(report.copied, 0);
    EXPECT_EQ(report.unchanged, 1);
    EXPECT_EQ(look("shard", "tenants/a/a").generation, theirs);
    EXPECT_TRUE(pass().is_proof());
}

TEST_F(ChangesMeanwhileTest, TwoPassesAtOnceEndTheSame) {
    for (int i = 0; i < 50; ++i) write("site", fmt::format("f{}", i), fmt::format("{}", i));
    for (int i = 0; i < 50; ++i) write("shard", fmt::format("tenants/a/g{}", i), "left");
    auto other = std::async(std::launch::async,
                            [&] { return carry(context_, others_, folders_, {.workers = 4}, {}); });
    pass();
    EXPECT_THAT(other.get(), IsOk());
    expect_the_next_pass_settles_it();
}

TEST_F(ChangesMeanwhileTest, ATargetThatIsReplacedIsNotDeletedUnseen) {
    write("shard", "tenants/a/a", "left");
    network_.before("DELETE", "", [&] {
        write("shard", "tenants/a/a", "again");
        write("site", "a", "again");
    });
    auto const report = pass();
    EXPECT_EQ(report.deleted, 0);
    EXPECT_EQ(report.unsettled, 1);
    EXPECT_THAT(files("shard"), ElementsAre(Pair("tenants/a/a", "again")));
    expect_the_next_pass_settles_it();
}

TEST_F(ChangesMeanwhileTest, ATargetThatIsGoneIsDeleted) {
    write("shard", "tenants/a/a", "left");
    network_.before("DELETE", "", [&] { remove("shard", "tenants/a/a"); });
    EXPECT_EQ(pass().deleted, 1);
    expect_the_next_pass_settles_it();
}

TEST_F(ChangesMeanwhileTest, AFileThatIsNeverAtRestDoesNotHoldUpThePass) {
    write("site", "log", "0");
    write("site", "other", "x");
    int count = 0;
    network_.before_each("POST", "o/log/rewriteTo/",
                         [&] { write("site", "log", fmt::format("{}", ++count)); });
    auto const report = pass();
    EXPECT_EQ(report.unsettled, 1);
    EXPECT_EQ(report.overtaken, 1);
    EXPECT_EQ(report.copied, 1);
    EXPECT_EQ(count, 1 + static_cast<int>(limits::kLooks));
    expect_the_next_pass_settles_it();
    EXPECT_EQ(files("shard").at("tenants/a/log"), fmt::format("{}", count));
}

TEST_F(ChangesMeanwhileTest, FilesThatComeAndGoWhileItListsAreTheNextPasss) {
    for (int i = 0; i < 5; ++i) write("site", fmt::format("f{}", i), "x");
    network_.before("POST", "/rewriteTo/", [&] {
        write("site", "a-new-one", "x");
        write("site", "z-new-one", "x");
        remove("site", "f0");
    });
    pass();
    expect_the_next_pass_settles_it();
    EXPECT_EQ(files("shard").size(), 6);
}

TEST_F(ChangesMeanwhileTest, ABucketThatIsGoneIsNoFileThatIsGone) {
    write("site", "a", "x");
    network_.before("POST", "/rewriteTo/",
                    [&] { EXPECT_THAT(others_.delete_bucket(context_, "shard"), IsOk()); });
    EXPECT_THAT(carry(context_, storage_, folders_, {}, {}),
                HasError(ErrorCode::NotFound, HasSubstr("/b/shard/o")));
}

TEST_F(ChangesMeanwhileTest, AnswersThatAreLostChangeNothing) {
    for (int i = 0; i < 6; ++i) write("site", fmt::format("f{}", i), fmt::format("{}", i));
    for (int i = 4; i < 9; ++i) write("shard", fmt::format("tenants/a/f{}", i), "old");
    lossy_.lose("POST", "/rewriteTo/", 6);
    auto const report = pass();
    EXPECT_EQ(lossy_.left(), 0);
    EXPECT_EQ(report.copied, 6);
    EXPECT_EQ(report.deleted, 3);
    EXPECT_EQ(report.overtaken, 0);
    write("shard", "tenants/a/left", "x");
    lossy_.lose("DELETE", "", 1);
    EXPECT_EQ(pass().deleted, 1);
    EXPECT_EQ(lossy_.left(), 0);
    lossy_.lose("GET", "", 2);
    EXPECT_TRUE(pass().is_proof());
    EXPECT_EQ(lossy_.left(), 0);
}

// With an error that is for good among the answers that are for a while.
TEST_F(ChangesMeanwhileTest, TheFirstErrorEndsItAndNothingIsLeftInFlight) {
    for (int i = 0; i < 200; ++i) write("site", fmt::format("f{:03}", i), "x");
    write("shard", "tenants/a/f010", "kept");
    EXPECT_EQ(
        host_.patch("/storage/v1/b/shard/o/tenants%2Fa%2Ff010", {{"temporaryHold", true}}).status,
        200);
    auto const report = carry(context_, storage_, folders_, {.workers = 4}, {});
    EXPECT_THAT(report, HasError(ErrorCode::FailedPrecondition, HasSubstr("f010")));
    auto const asked = network_.requests();
    auto const copied = files("shard").size();
    EXPECT_LT(copied, 100);
    EXPECT_EQ(network_.requests(), asked);
    EXPECT_EQ(files("shard").size(), copied);
}

struct FaultFile {
    FaultFile() {
        std::ofstream(path) << R"({"rules": [
            {"method": "storage.objects.rewrite", "kind": "rate_limited", "rate": 0.05},
            {"method": "storage.objects.delete", "kind": "rate_limited", "rate": 0.05},
            {"method": "storage.*", "kind": "unavailable", "rate": 0.05},
            {"method": "storage.*", "kind": "internal", "rate": 0.05},
            {"method": "storage.*", "kind": "lost_response", "rate": 0.05},
            {"method": "storage.*", "kind": "cut_body", "rate": 0.05}]})";
    }
    testing::TemporaryDirectory folder = testing::must(testing::TemporaryDirectory::make());
    std::filesystem::path path = folder / "faults.json";
};

class FaultyPassTest : private FaultFile, public testing::StorageStage {
protected:
    FaultyPassTest() : StorageStage({.faults = path, .seed = 7}) {}
};

TEST_F(FaultyPassTest, FivePercentOfEveryFaultChangeNothing) {
    FolderPair const folders{.from = {.bucket = "site"},
                             .to = {.bucket = "shard", .prefix = "tenants/a/"}};
    for (int i = 0; i < 300; ++i) write("site", fmt::format("f{}", i), fmt::format("{}", i));
    for (int i = 200; i < 500; ++i) write("shard", fmt::format("tenants/a/f{}", i), "old");
    auto const report = carry(context_, storage_, folders, {}, {});
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->copied, 300);
    EXPECT_EQ(report->deleted, 200);
    EXPECT_EQ(report->overtaken, 0);
    auto const again = carry(context_, storage_, folders, {}, {});
    ASSERT_THAT(again, IsOk());
    EXPECT_TRUE(again->is_proof());
}

}  // namespace
}  // namespace aipress::objects
