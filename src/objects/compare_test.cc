#include "objects/compare.h"

#include <fmt/format.h>

#include "objects/limits.h"
#include "objects/preflight.h"
#include "testing/storage_stage.h"

namespace aipress::objects {
namespace {

using ::testing::AllOf;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;

class CompareTest : public testing::StorageStage {
protected:
    FolderPair const folders_{.from = {.bucket = "site"},
                              .to = {.bucket = "shard", .prefix = "tenants/a/"}};
};

TEST_F(CompareTest, EveryKindOfDifferenceIsFound) {
    write("site", "same", "x", "text/plain");
    write("shard", "tenants/a/same", "x", "image/png");  // no difference of bytes
    write("site", "longer", "xx");
    write("shard", "tenants/a/longer", "x");
    write("site", "other", "x");
    write("shard", "tenants/a/other", "y");
    write("site", "here", "x");
    write("shard", "tenants/a/there", "x");
    write("shard", "tenants/b/there", "x");
    auto const compared = compare(context_, storage_, folders_);
    ASSERT_THAT(compared, IsOk());
    EXPECT_FALSE(compared->is_equal());
    EXPECT_EQ(compared->objects, 4);
    EXPECT_EQ(compared->bytes, 5);
    EXPECT_EQ(compared->different, 4);
    std::string found;
    for (auto const& difference : compared->first) {
        found += fmt::format("{}: {}; ", difference.name, to_string(difference.kind));
    }
    EXPECT_EQ(found,
              "here: only in the source; longer: sizes differ; other: checksums differ; "
              "there: only in the target; ");
}

TEST_F(CompareTest, OnlyTheFirstDifferencesAreNamedAndAllAreCounted) {
    for (int i = 0; i < 30; ++i) write("site", fmt::format("f{:02}", i), "x");
    auto const compared = compare(context_, storage_, folders_, {"f05", "f15"});
    ASSERT_THAT(compared, IsOk());
    EXPECT_EQ(compared->different, 30);
    ASSERT_EQ(compared->first.size(), limits::kNamesShown);
    EXPECT_EQ(compared->first.front().name, "f00");
    EXPECT_EQ(compared->first.back().name, "f19");
}

TEST_F(CompareTest, WhatWasComposedIsProvenToo) {
    auto const one = write("site", "one", "1");
    auto const two = write("site", "two", "2");
    ASSERT_THAT(others_.compose(context_, {.bucket = "site", .name = "both"}, {one, two}), IsOk());
    EXPECT_EQ(look("site", "both").md5, "");
    for (auto const& [name, bytes] : files("site")) write("shard", "tenants/a/" + name, bytes);
    auto const compared = compare(context_, storage_, folders_);
    ASSERT_THAT(compared, IsOk());
    EXPECT_TRUE(compared->is_equal());
}

TEST_F(CompareTest, PreflightCountsAndFindsEveryNameThatIsTooLong) {
    write("site", "a", "xyz");
    write("site", std::string(1'014, 'n'), "x");  // with the prefix 1,024
    write("shard", "tenants/a/left", "x");
    auto const fine = preflight(context_, storage_, folders_);
    ASSERT_THAT(fine, IsOk());
    EXPECT_EQ(fine->objects, 2);
    EXPECT_EQ(fine->bytes, 4);
    EXPECT_EQ(fine->at_target, 1);
    write("site", std::string(1'015, 'm'), "x");
    write("site", "é" + std::string(1'020, 'o'), "x");
    EXPECT_THAT(preflight(context_, storage_, folders_),
                HasError(ErrorCode::InvalidArgument,
                         AllOf(HasSubstr("2 of 4 names in gs://site/ are too long"),
                               HasSubstr("mmm' is 1025 bytes"), HasSubstr("ooo' is 1032 bytes"))));
    FolderPair const missing{.from = folders_.from, .to = {.bucket = "none", .prefix = "a/"}};
    EXPECT_THAT(preflight(context_, storage_, missing), HasCode(ErrorCode::NotFound));
    EXPECT_THAT(compare(context_, storage_, missing), HasCode(ErrorCode::NotFound));
    EXPECT_THAT(compare(context_, storage_, {.from = folders_.from, .to = folders_.from}),
                HasCode(ErrorCode::InvalidArgument));
}

}  // namespace
}  // namespace aipress::objects
