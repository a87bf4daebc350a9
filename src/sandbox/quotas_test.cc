#include "sandbox/quotas.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <set>

#include "sandbox/limits.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

using ::testing::HasSubstr;

class QuotaTest : public ::testing::Test {
protected:
    // How many of so many requests pass.
    int passed(std::string_view path, int count) {
        int passed = 0;
        for (int i = 0; i < count; ++i) passed += host_.get(path).status == 200 ? 1 : 0;
        return passed;
    }
    testing::HttpAnswer write(std::string_view object) {
        return host_.call(
            "POST", fmt::format("/upload/storage/v1/b/media/o?uploadType=media&name={}", object),
            "x");
    }

    testing::FakeClock clock_;
    testing::SandboxHost host_{clock_, {.quotas = QuotaMode::Real}};
    static constexpr std::string_view kBuckets = "/storage/v1/b?project=sandbox-project";
    static constexpr std::string_view kSecrets = "/v1/projects/sandbox-project/secrets";
    static constexpr std::string_view kInstances =
        "//sqladmin.googleapis.com/v1/projects/sandbox-project/instances";
};

TEST_F(QuotaTest, APatternOfEachLimitIsAboutSomething) {
    Catalogue const catalogue;
    std::set<std::string_view> services;
    for (auto const& api : catalogue.apis()) services.insert(api.service);
    for (auto const& limit : quota_limits()) {
        EXPECT_TRUE(services.contains(limit.service)) << limit.service;
        EXPECT_GE(limit.most, limit.cost) << limit.name;
    }
}

TEST_F(QuotaTest, AProjectReadsItsSecretsSoOftenAMinute) {
    EXPECT_EQ(passed(kSecrets, 605), 600);
    auto const refused = host_.get(kSecrets);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.body.at_pointer("/error/status"), "RESOURCE_EXHAUSTED");
    EXPECT_EQ(refused.reason(), "RATE_LIMIT_EXCEEDED");
    EXPECT_EQ(refused.header("Retry-After"), "");
    EXPECT_EQ(refused.body.at_pointer("/error/details/0/metadata/quota_limit_value"), "600");
    EXPECT_EQ(refused.body.at_pointer("/error/details/0/metadata/quota_metric"),
              "secretmanager.googleapis.com/read_requests");
    EXPECT_THAT(refused.text, HasSubstr("Quota exceeded for quota metric 'Read requests' and limit "
                                        "'Read requests per minute' of service "
                                        "'secretmanager.googleapis.com' for consumer "
                                        "'project_number:"));
    // What is read does not take from what is written.
    EXPECT_EQ(host_
                  .post(fmt::format("{}?secretId=s", kSecrets),
                        {{"replication", {{"automatic", boost::json::object()}}}})
                  .status,
              200);
    // 100 ms are one more.
    clock_.advance(milliseconds(1'000));
    EXPECT_EQ(passed(kSecrets, 20), 10);
}

TEST_F(QuotaTest, EachUserHasItsOwnShareOfCloudSql) {
    EXPECT_EQ(passed(kInstances, 181), 180);
    auto const refused = host_.get(kInstances);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.body.at_pointer("/error/errors/0/reason"), "rateLimitExceeded");
    EXPECT_EQ(refused.body.at_pointer("/error/errors/0/domain"), "global");
    EXPECT_EQ(refused.body.at_pointer("/error/status"), "RESOURCE_EXHAUSTED");
    ASSERT_EQ(host_
                  .post("//iam.googleapis.com/v1/projects/sandbox-project/serviceAccounts",
                        {{"accountId", "other-user"}})
                  .status,
              200);
    auto const token = host_.post(
        "//iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
        "other-user@sandbox-project.iam.gserviceaccount.com:generateAccessToken",
        {{"scope", {"https://www.googleapis.com/auth/cloud-platform"}}});
    ASSERT_EQ(token.status, 200) << token.text;
    testing::HttpClient other;
    auto const answer = other.send(
        {.url = host_.url() + "/v1/projects/sandbox-project/instances",
         .headers = {
             {"Host", "sqladmin.googleapis.com"},
             {"Authorization",
              fmt::format("Bearer {}", token.body.at("accessToken").as_string().c_str())}}});
    EXPECT_EQ(answer.status, 200) << answer.text;
}

TEST_F(QuotaTest, ComputeRefusesWith403) {
    auto const networks =
        "//compute.googleapis.com/compute/v1/projects/sandbox-project/global/networks";
    EXPECT_EQ(passed(networks, 1501), 1500);
    auto const refused = host_.get(networks);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.body.at_pointer("/error/errors/0/reason"), "rateLimitExceeded");
    EXPECT_EQ(refused.body.at_pointer("/error/errors/0/domain"), "usageLimits");
}

TEST_F(QuotaTest, AnObjectIsWrittenOnceASecondAndABucketMadeEveryTwo) {
    ASSERT_EQ(host_.post(kBuckets, {{"name", "media"}}).status, 200);
    EXPECT_EQ(host_.post(kBuckets, {{"name", "other"}}).status, 429);
    EXPECT_EQ(write("a").status, 200);
    auto const refused = write("a");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.reason(), "rateLimitExceeded");
    EXPECT_THAT(refused.text, HasSubstr("The object media/a exceeded the rate limit for object "
                                        "mutation operations"));
    EXPECT_EQ(write("b").status, 200);
    EXPECT_EQ(host_.call("PUT", "/media/b", "by the XML API").status, 429);
    EXPECT_EQ(host_.call("PUT", "/media/c", "by the XML API").status, 200);
    EXPECT_EQ(host_.get("/storage/v1/b/media/o/a").status, 200);
    EXPECT_EQ(host_.remove("/storage/v1/b/media/o/a").status, 429);
    clock_.advance(milliseconds(1'000));
    EXPECT_EQ(host_.remove("/storage/v1/b/media/o/a").status, 204);
    EXPECT_EQ(host_.post(kBuckets, {{"name", "other"}}).status, 429);
    clock_.advance(milliseconds(1'000));
    EXPECT_EQ(host_.post(kBuckets, {{"name", "other"}}).status, 200);
}

TEST_F(QuotaTest, AProjectIsMadeForTheCostOfTen) {
    int made = 0;
    for (int i = 0; i < 62; ++i) {
        made +=
            host_.post("/v3/projects", {{"projectId", fmt::format("tenant-{:03}", i)}}).status ==
                    200
                ? 1
                : 0;
    }
    EXPECT_EQ(made, 60);
}

// Whoever asks once is forgotten when its bucket is full again.
TEST_F(QuotaTest, BucketsAreBounded) {
    Catalogue const catalogue;
    auto const& method = *catalogue.find("storage.objects.delete");
    Quotas quotas(clock_);
    class NoBody final : public http::BodyReader {
        Result<std::size_t> read(std::span<char>) override { return std::size_t{0}; }
    } body;
    http::Request const request;
    for (std::size_t i = 0; i < limits::kQuotaBuckets + 500; ++i) {
        PathParameters const path{{"bucket", "b"}, {"object", fmt::format("{}", i)}};
        Call const call{.request = request,
                        .body = body,
                        .method = method,
                        .path = path,
                        .content = nullptr,
                        .principal = {}};
        ASSERT_TRUE(quotas.charge(call, {"1", "user"}).ok());
        ASSERT_FALSE(quotas.charge(call, {"1", "user"}).ok());
    }
    EXPECT_LE(quotas.buckets(), limits::kQuotaBuckets);
}

TEST(NoQuotaTest, OffIsOff) {
    testing::FakeClock clock;
    testing::SandboxHost host(clock);
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(
            host.get("//sqladmin.googleapis.com/v1/projects/sandbox-project/instances").status,
            200);
    }
}

}  // namespace
}  // namespace aipress::sandbox
