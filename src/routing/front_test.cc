#include "routing/front.h"

#include <gmock/gmock.h>

#include "routing/journaled.h"
#include "testing/moving_site.h"

namespace aipress::routing {
namespace {

using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;

constexpr char const* kHost = "tenant-001.aipress.io";

class FrontTest : public testing::MovingSiteTest {
protected:
    void SetUp() override {
        MovingSiteTest::SetUp();
        if (IsSkipped()) return;
        ASSERT_NO_FATAL_FAILURE(make_shard());
        map(kTenant);
        ASSERT_EQ(who(kHost), "old");
    }
    // As the PoC has it.
    void map(std::string const& service) {
        auto const made = host_->post(
            fmt::format("//run.googleapis.com/v1/projects/{}/locations/{}/domainmappings", kProject,
                        kRegion),
            {{"metadata", {{"name", kHost}}}, {"spec", {{"routeName", service}}}});
        ASSERT_EQ(made.status, 200) << made.text;
    }
    [[nodiscard]] Front front() const { return Front(*connection_); }

    fleet::Home const old_{.project = kProject, .region = kRegion, .service = kTenant};
    fleet::Home const new_{.project = kShard, .region = kRegion, .service = kTenant};
};

TEST_F(FrontTest, AHostIsMappedToItsNewHomeAndBack) {
    auto const before = must(read_mapping(to_json(must(front().read(context_, kHost, old_)))));
    EXPECT_EQ(
        before,
        (Mapping{
            .project = kProject, .region = kRegion, .service = kTenant, .is_answering = true}));
    EXPECT_EQ(must(front().read(context_, kHost, new_)).service, "");

    transport_.lose("POST", "/domainmappings");
    auto const mapped = must(front().map_to(context_, kHost, new_));
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_EQ(who(kHost), "new");
    ASSERT_EQ(mapped.records.size(), 1);
    EXPECT_EQ(mapped.records[0].type, "CNAME");
    EXPECT_EQ(mapped.records[0].data, "ghs.googlehosted.com.");
    EXPECT_FALSE(must(front().read(context_, kHost, old_)).is_answering);
    EXPECT_THAT(front().map_to(context_, kHost, new_), IsOk()) << "again";

    transport_.lose("DELETE", "/domainmappings");
    EXPECT_THAT(front().map_back(context_, kHost, new_, before), IsOk());
    EXPECT_EQ(transport_.left(), 0);
    EXPECT_EQ(who(kHost), "old");
    EXPECT_EQ(must(front().read(context_, kHost, old_)), before);
    EXPECT_EQ(must(front().read(context_, kHost, new_)).service, "");
    EXPECT_THAT(front().map_back(context_, kHost, new_, before), IsOk()) << "again";
    EXPECT_EQ(who(kHost), "old");

    // And once more: the second time is no other than the first.
    EXPECT_THAT(front().map_to(context_, kHost, new_), IsOk());
    EXPECT_EQ(who(kHost), "new");
}

TEST_F(FrontTest, AHostThatHadNoMappingHasNoneAgain) {
    Mapping const none{.project = kProject, .region = kRegion};
    auto const other = std::string("www.tenant-001.example");
    EXPECT_EQ(must(front().read(context_, other, old_)), none);
    EXPECT_THAT(front().map_to(context_, other, new_), IsOk());
    EXPECT_EQ(who(other), "new");
    EXPECT_THAT(front().map_back(context_, other, new_, none), IsOk());
    EXPECT_EQ(who(other), "status 404");
}

TEST_F(FrontTest, AnotherServicesMappingIsNotTaken) {
    fleet::Home const other{.project = kProject, .region = kRegion, .service = "shop"};
    EXPECT_THAT(
        front().map_to(context_, kHost, other),
        HasError(ErrorCode::FailedPrecondition, HasSubstr("maps it to service tenant-001")));
    fleet::Home const missing{.project = kShard, .region = kRegion, .service = "nobody"};
    EXPECT_THAT(front().map_to(context_, kHost, missing), HasCode(ErrorCode::NotFound));
    EXPECT_EQ(who(kHost), "old");
}

}  // namespace
}  // namespace aipress::routing
