// Passes over folders that nobody else writes to.
#include "objects/carry.h"

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "objects/compare.h"
#include "testing/storage_stage.h"

namespace aipress::objects {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Key;
using ::testing::Pair;

class CarryTest : public testing::StorageStage {
protected:
    gcp::Outcome<PassReport> carry_there(PassOptions const& options = {}) {
        return carry(context_, storage_, there_, options, {});
    }
    PassReport pass(PassOptions const& options = {}) {
        auto report = carry_there(options);
        EXPECT_THAT(report, IsOk());
        return report.ok() ? report.release() : PassReport();
    }
    // Google's names for what keeps an object.
    void keep(std::string const& bucket, std::string const& name) {
        auto const path = fmt::format("/storage/v1/b/{}/o/{}", bucket, http::percent_encoded(name));
        EXPECT_EQ(host_.patch(path, {{"temporaryHold", true}}).status, 200);
    }

    FolderPair const there_{.from = {.bucket = "site"},
                            .to = {.bucket = "shard", .prefix = "tenants/a/"}};
    FolderPair const back_{.from = there_.to, .to = there_.from};
};

TEST_F(CarryTest, TheTargetHoldsWhatTheSourceHoldsAndNothingElseIsTouched) {
    write("site", "2026/a.txt", "one", "text/plain", {{"author", "Ada"}});
    write("site", "2026/b.jpg", "two", "image/jpeg");
    write("site", "z", "");
    write("shard", "tenants/a/old.txt", "of an earlier try");
    write("shard", "tenants/a/2026/b.jpg", "an earlier two", "image/jpeg");
    write("shard", "tenants/aa/a.txt", "of another tenant");
    write("shard", "tenants/a", "no folder");
    auto const report = pass();
    EXPECT_EQ(report.listed, 3);
    EXPECT_EQ(report.copied, 3);
    EXPECT_EQ(report.copied_bytes, 6);
    EXPECT_EQ(report.deleted, 1);
    EXPECT_EQ(report.overtaken, 0);
    EXPECT_FALSE(report.is_proof());
    EXPECT_THAT(files("shard"),
                ElementsAre(Pair("tenants/a", "no folder"), Pair("tenants/a/2026/a.txt", "one"),
                            Pair("tenants/a/2026/b.jpg", "two"), Pair("tenants/a/z", ""),
                            Pair("tenants/aa/a.txt", "of another tenant")));
    EXPECT_TRUE(is_same(look("site", "2026/a.txt"), look("shard", "tenants/a/2026/a.txt")));
    EXPECT_THAT(look("shard", "tenants/a/2026/a.txt").metadata, ElementsAre(Pair("author", "Ada")));
}

TEST_F(CarryTest, APassOverWhatIsEqualIsTwoListings) {
    for (int i = 0; i < 20; ++i) write("site", fmt::format("f{}", i), "x");
    EXPECT_EQ(pass().copied, 20);
    network_.forget_requests();
    auto const again = pass();
    EXPECT_THAT(network_.requests(), ElementsAre(Pair("GET", 2)));
    EXPECT_TRUE(again.is_proof());
    EXPECT_EQ(again.unchanged, 20);
}

TEST_F(CarryTest, WhatDiffersInTypeOrMetadataIsCopiedAgain) {
    write("site", "type", "x", "image/png");
    write("site", "metadata", "x", "text/plain", {{"a", "1"}});
    write("site", "same", "x");
    write("shard", "tenants/a/type", "x", "text/plain");
    write("shard", "tenants/a/metadata", "x", "text/plain", {{"a", "2"}});
    auto const same = write("shard", "tenants/a/same", "x").generation;
    EXPECT_EQ(pass().copied, 2);
    EXPECT_EQ(look("shard", "tenants/a/same").generation, same);
    EXPECT_EQ(look("shard", "tenants/a/type").content_type, "image/png");
    EXPECT_THAT(look("shard", "tenants/a/metadata").metadata, ElementsAre(Pair("a", "1")));
    EXPECT_TRUE(pass().is_proof());
}

TEST_F(CarryTest, TheWayBackNeedsTheWordThatTheBucketIsTheTenants) {
    write("site", "a", "old");
    write("site", "gone", "x");
    write("shard", "tenants/a/a", "new");
    write("shard", "tenants/b/b", "of another tenant");
    EXPECT_THAT(carry(context_, storage_, back_, {}, {}),
                HasError(ErrorCode::InvalidArgument, HasSubstr("all of a bucket")));
    EXPECT_EQ(files("site").size(), 2);
    PassOptions const options{.whole_bucket = WholeBucket::IsTheTenants};
    EXPECT_THAT(carry(context_, storage_, back_, options, {}), IsOk());
    EXPECT_THAT(files("site"), ElementsAre(Pair("a", "new")));
}

TEST_F(CarryTest, AnEmptyBucketIsCarriedToo) {
    EXPECT_TRUE(pass().is_proof());
    write("shard", "tenants/a/left", "x");
    write("shard", "tenants/a/", "");  // what some clients make for a folder
    EXPECT_EQ(pass().deleted, 1);
    EXPECT_TRUE(pass().is_proof());
    EXPECT_THAT(files("shard"), ElementsAre(Key("tenants/a/")));
}

TEST_F(CarryTest, NamesOfAllKindsArriveAndComeBack) {
    std::string longest = "2026/";
    while (longest.size() < 897) longest += "é";
    longest.resize(897);
    longest += ".gz";
    std::map<std::string, std::string> written;
    for (std::string const name : {"Ünïcödé/日本語 🙂.png", "with space", "a+b", "a%2Fb", "a%b",
                                   "a/b", "a b", "a", "a//b", "a.", "#frag?query=1&x", "a/../b",
                                   "a/..", "~", "'\"`", "tenants/a/nested", "\x01", "trailing/"}) {
        written[name] = "bytes of " + name;
    }
    written[longest] = "long";
    for (auto const& [name, bytes] : written) write("site", name, bytes);
    EXPECT_EQ(pass({.workers = 3}).copied, written.size());
    auto const shard = files("shard");
    ASSERT_EQ(shard.size(), written.size());
    for (auto const& [name, bytes] : written) EXPECT_EQ(shard.at("tenants/a/" + name), bytes);
    EXPECT_TRUE(pass().is_proof());
    make_bucket("third");
    FolderPair const on{.from = there_.to, .to = {.bucket = "third"}};
    PassOptions const options{.whole_bucket = WholeBucket::IsTheTenants};
    EXPECT_THAT(carry(context_, storage_, on, options, {}), IsOk());
    EXPECT_EQ(files("third"), written);
}

TEST_F(CarryTest, ANameThatIsTooLongThereIsAnError) {
    std::string const name(1'020, 'n');
    write("site", name, "x");
    EXPECT_THAT(carry_there(), HasError(ErrorCode::InvalidArgument, HasSubstr("1030 bytes")));
    EXPECT_THAT(files("shard"), IsEmpty());
}

TEST_F(CarryTest, WhatAHoldKeepsIsSaid) {
    write("site", "a", "new");
    write("shard", "tenants/a/a", "kept");
    keep("shard", "tenants/a/a");
    EXPECT_THAT(
        carry_there(),
        HasError(ErrorCode::FailedPrecondition,
                 ::testing::AllOf(HasSubstr("copying gs://site/a to gs://shard/tenants/a/a"),
                                  HasSubstr("A hold or a retention policy keeps"))));
    remove("site", "a");
    EXPECT_THAT(carry_there(), HasError(ErrorCode::FailedPrecondition,
                                        HasSubstr("deleting gs://shard/tenants/a/a")));
}

TEST_F(CarryTest, FoldersThatCannotBeAreRefused) {
    auto const refused = [&](Folder const& from, Folder const& to, std::string const& why) {
        FolderPair const folders{.from = from, .to = to};
        PassOptions const options{.whole_bucket = WholeBucket::IsTheTenants};
        EXPECT_THAT(carry(context_, storage_, folders, options, {}),
                    HasError(ErrorCode::InvalidArgument, HasSubstr(why)));
    };
    Folder const shard{.bucket = "shard", .prefix = "tenants/a/"};
    refused({.bucket = "site"}, {.bucket = "shard", .prefix = "tenants/a"}, "is no folder");
    refused({.bucket = "site"}, {.bucket = "shard", .prefix = "/a/"}, "is no folder");
    refused({.bucket = ""}, shard, "no bucket is named");
    refused({.bucket = "gs://site"}, shard, "is no bucket's name");
    refused(shard, shard, "overlap");
    refused({.bucket = "shard"}, shard, "overlap");
    refused(shard, {.bucket = "shard"}, "overlap");
    EXPECT_THAT(network_.requests(), IsEmpty());
    FolderPair const missing{.from = {.bucket = "nobody"}, .to = shard};
    write("shard", "tenants/a/x", "x");
    EXPECT_THAT(carry(context_, storage_, missing, {}, {}), HasCode(ErrorCode::NotFound));
    EXPECT_THAT(files("shard"), Contains(Key("tenants/a/x")));
}

TEST_F(CarryTest, WaypointsChangeNothingButTheTime) {
    for (auto const* const name : {"a", "b", "b1", "k/1", "m", "z"}) write("site", name, name);
    for (auto const* const name : {"0", "b", "l", "zz"})
        write("shard", fmt::format("tenants/a/{}", name), "old");
    PassOptions const options{.waypoints = {"m", "b", "b", "k/", "", "zzz"}};
    auto const report = pass(options);
    EXPECT_EQ(report.copied, 6);
    EXPECT_EQ(report.deleted, 3);
    network_.forget_requests();
    EXPECT_TRUE(pass(options).is_proof());
    EXPECT_THAT(network_.requests(), ElementsAre(Pair("GET", 10)));
    auto const compared = compare(context_, storage_, there_, options.waypoints);
    ASSERT_THAT(compared, IsOk());
    EXPECT_TRUE(compared->is_equal());
    EXPECT_EQ(compared->objects, 6);
}

TEST_F(CarryTest, ProgressIsTold) {
    for (int i = 0; i < 5; ++i) write("site", fmt::format("f{}", i), "xy");
    std::uint64_t last = 0;
    auto const report = carry(context_, storage_, there_, {},
                              [&](PassReport const& now) { last = now.copied_bytes; });
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(last, 10);
}

// Called off at any request: the next pass ends the same.
TEST_F(CarryTest, AnInterruptedPassIsCarriedOn) {
    auto const prepare = [&] {
        for (int i = 0; i < 4; ++i) write("site", fmt::format("f{}", i), fmt::format("{}", i));
        for (int i = 3; i < 6; ++i) write("shard", fmt::format("tenants/a/f{}", i), "old");
    };
    prepare();
    auto const wanted = files("site");
    for (int point = 1; point <= 8; ++point) {
        SCOPED_TRACE(point);
        for (auto const& [name, bytes] : files("shard")) remove("shard", name);
        prepare();
        std::stop_source stop;
        network_.leave_alone();
        network_.before("", "", [&] { stop.request_stop(); }, point);
        auto const broken =
            carry(context_.stopped_by(stop.get_token()), storage_, there_, {.workers = 2}, {});
        EXPECT_THAT(broken, HasCode(ErrorCode::Cancelled));
        pass();
        auto const now = files("shard");
        ASSERT_EQ(now.size(), wanted.size());
        for (auto const& [name, bytes] : wanted) EXPECT_EQ(now.at("tenants/a/" + name), bytes);
    }
}

}  // namespace
}  // namespace aipress::objects
