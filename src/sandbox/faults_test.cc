#include "sandbox/faults.h"

#include <future>
#include <gmock/gmock.h>
#include <thread>

#include "testing/fake_clock.h"
#include "testing/faulty_sandbox.h"

namespace aipress::sandbox {
namespace {

using testing::FaultySandbox;
using ::testing::HasSubstr;
using testing::must;

std::vector<std::uint64_t> hits(std::uint64_t seed, FaultRule const& rule, std::uint64_t most) {
    testing::FakeClock clock;
    Faults faults(clock, seed);
    faults.set_rules({rule});
    std::vector<std::uint64_t> found;
    for (std::uint64_t k = 1; k <= most; ++k) {
        if (faults.is_hit(0, k)) found.push_back(k);
    }
    return found;
}

TEST(FaultsTest, TheSameSeedIsTheSameFaults) {
    FaultRule const rule{.rate = 0.1};
    auto const found = hits(7, rule, 10'000);
    EXPECT_EQ(found, hits(7, rule, 10'000));
    EXPECT_NE(found, hits(8, rule, 10'000));
    // Six standard deviations of a binomial distribution.
    EXPECT_NEAR(static_cast<double>(found.size()), 1000, 180);
}

TEST(FaultsTest, TheseRequestsAndThoseOfTheirBursts) {
    EXPECT_THAT(hits(1, {.at = {3, 7}}, 20), ::testing::ElementsAre(3, 7));
    EXPECT_THAT(hits(1, {.at = {1, 7}, .burst = 3}, 20), ::testing::ElementsAre(1, 2, 3, 7, 8, 9));
    EXPECT_EQ(hits(1, {.rate = 1}, 5).size(), 5u);
}

// What else is asked meanwhile shifts nothing.
TEST(FaultsTest, EachRuleCountsItsOwnRequests) {
    Catalogue const catalogue;
    testing::FakeClock clock;
    Faults faults(clock, 1);
    faults.set_rules({{.kind = FaultKind::Internal, .method = "storage.buckets.get", .at = {2}},
                      {.kind = FaultKind::InstanceCrash, .instance = "a*", .at = {1}}});
    auto const& bucket = *catalogue.find("storage.buckets.get");
    auto const& instance = *catalogue.find("sql.instances.get", "v1");
    EXPECT_EQ(faults.next(bucket, {}), nullptr);
    EXPECT_EQ(faults.next(instance, {{"project", "p"}, {"instance", "b"}}), nullptr);
    EXPECT_EQ(faults.next(*catalogue.find("sql.instances.list", "v1"), {{"project", "p"}}),
              nullptr);
    auto const* const crash = faults.next(instance, {{"project", "p"}, {"instance", "a1"}});
    ASSERT_NE(crash, nullptr);
    EXPECT_EQ(crash->kind, FaultKind::InstanceCrash);
    auto const* const met = faults.next(bucket, {});
    ASSERT_NE(met, nullptr);
    EXPECT_EQ(met->kind, FaultKind::Internal);
}

TEST(FaultySandboxTest, ARefusalComesInABurstAndDoesNothing) {
    SystemClock clock;
    FaultySandbox sandbox(clock, R"({"method": "secretmanager.*.create", "kind": "rate_limited",
        "at": [1], "burst": 2, "retry_after_ms": 2500})");
    for (int i = 0; i < 2; ++i) {
        auto const refused = sandbox.make_secret("s");
        EXPECT_EQ(refused.status, 429);
        EXPECT_EQ(refused.header("Retry-After"), "3");
        EXPECT_EQ(refused.reason(), "RATE_LIMIT_EXCEEDED");
        EXPECT_THAT(refused.text, HasSubstr(R"("retryDelay": "2.500s")"));
        EXPECT_EQ(sandbox.status_of_secret("s"), 404);
    }
    EXPECT_EQ(sandbox.make_secret("s").status, 200);
    EXPECT_THAT(sandbox.journaled_faults(),
                ::testing::ElementsAre("rate_limited", "", "rate_limited", "", ""));
}

TEST(FaultySandboxTest, EachApiRefusesInItsOwnWords) {
    SystemClock clock;
    FaultySandbox sandbox(clock, R"({"method": "storage.*", "kind": "rate_limited", "at": [1]},
        {"method": "compute.*", "kind": "rate_limited", "at": [1]},
        {"method": "storage.*", "kind": "unavailable", "at": [2], "retry_after_ms": 1000},
        {"method": "dns.*", "kind": "internal", "at": [1]})");
    auto& host = sandbox.host();
    auto const buckets = host.get("/storage/v1/b?project=sandbox-project");
    EXPECT_EQ(buckets.status, 429);
    EXPECT_EQ(buckets.reason(), "rateLimitExceeded");
    auto const networks =
        host.get("//compute.googleapis.com/compute/v1/projects/sandbox-project/global/networks");
    EXPECT_EQ(networks.status, 403);
    EXPECT_EQ(networks.body.at_pointer("/error/errors/0/reason"), "rateLimitExceeded");
    auto const unavailable = host.get("/storage/v1/b?project=sandbox-project");
    EXPECT_EQ(unavailable.status, 503);
    EXPECT_EQ(unavailable.header("Retry-After"), "1");
    auto const internal = host.get("/dns/v1/projects/sandbox-project/managedZones");
    EXPECT_EQ(internal.status, 500);
    EXPECT_EQ(internal.body.at_pointer("/error/status"), "INTERNAL");
    EXPECT_EQ(host.get("/storage/v1/b?project=sandbox-project").status, 200);
}

// It is as if a role had been taken away; see aipress's own remedies for what it makes of it.
TEST(FaultySandboxTest, APermissionThatIsLackingIsNamed) {
    SystemClock clock;
    FaultySandbox sandbox(
        clock, R"({"method": "secretmanager.*.create", "kind": "permission_denied", "rate": 1,
        "permission": "secretmanager.secrets.create"},
        {"method": "storage.*", "kind": "permission_denied", "rate": 1,
        "permission": "storage.buckets.list"})");
    auto const refused = sandbox.make_secret("s");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.reason(), "IAM_PERMISSION_DENIED");
    EXPECT_THAT(refused.text, HasSubstr(R"("permission": "secretmanager.secrets.create")"));
    EXPECT_EQ(sandbox.status_of_secret("s"), 404);
    auto const buckets = sandbox.host().get("/storage/v1/b?project=sandbox-project");
    EXPECT_EQ(buckets.status, 403);
    EXPECT_EQ(buckets.reason(), "forbidden");
    EXPECT_THAT(buckets.text, HasSubstr("Permission 'storage.buckets.list' denied"));
}

TEST(FaultySandboxTest, ALostResponseIsOfARequestThatIsDone) {
    SystemClock clock;
    FaultySandbox sandbox(clock, R"({"method": "secretmanager.projects.secrets.create",
        "kind": "lost_response", "at": [1]})");
    auto const lost = sandbox.make_secret("s");
    EXPECT_EQ(lost.status, 0);
    EXPECT_EQ(lost.text, "");
    EXPECT_EQ(sandbox.status_of_secret("s"), 200);
    EXPECT_EQ(sandbox.make_secret("s").status, 409);
    EXPECT_THAT(sandbox.journaled_faults(), ::testing::ElementsAre("lost_response", "", ""));
}

TEST(FaultySandboxTest, ALostPartOfABatchLosesTheWhole) {
    SystemClock clock;
    FaultySandbox sandbox(clock,
                          R"({"method": "storage.buckets.list", "kind": "lost_response",
        "at": [1]})");
    auto const ask = [&] {
        return sandbox.host().call("POST", "/batch/storage/v1",
                                   "--b\r\nContent-Type: application/http\r\n\r\n"
                                   "GET /storage/v1/b?project=sandbox-project HTTP/1.1\r\n\r\n"
                                   "\r\n--b--\r\n",
                                   {{"Content-Type", "multipart/mixed; boundary=b"}});
    };
    EXPECT_EQ(ask().status, 0);
    EXPECT_THAT(ask().text, HasSubstr("HTTP/1.1 200 OK"));
}

TEST(FaultySandboxTest, ABodyIsCutInItsMidst) {
    SystemClock clock;
    FaultySandbox sandbox(clock,
                          R"({"method": "storage.objects.get", "kind": "cut_body", "at": [1]})");
    auto& host = sandbox.host();
    host.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    std::string const bytes(100'000, 'x');
    host.call("POST", "/upload/storage/v1/b/media/o?uploadType=media&name=o", bytes);
    auto const cut = host.get("/storage/v1/b/media/o/o?alt=media");
    EXPECT_THAT(cut.error, HasSubstr("after 50000 bytes of the answer"));
    EXPECT_EQ(host.get("/storage/v1/b/media/o/o?alt=media").text, bytes);
}

TEST(FaultySandboxTest, TheXmlApiMeetsThemAsTheMethodsThatDoTheSame) {
    SystemClock clock;
    FaultySandbox sandbox(clock, R"({"method": "storage.objects.get", "kind": "unavailable",
        "at": [1], "retry_after_ms": 1000},
        {"method": "storage.objects.get", "kind": "cut_body", "at": [2]},
        {"method": "storage.objects.insert", "kind": "lost_response", "at": [1]},
        {"method": "storage.objects.delete", "kind": "rate_limited", "at": [1]})");
    auto& host = sandbox.host();
    host.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    std::string const bytes(1'000, 'x');
    EXPECT_EQ(host.call("PUT", "/media/o", bytes).status, 0);
    auto const unavailable = host.get("/media/o");
    EXPECT_EQ(unavailable.status, 503);
    EXPECT_EQ(unavailable.header("Retry-After"), "1");
    EXPECT_THAT(unavailable.text, HasSubstr("<Code>ServiceUnavailable</Code>"));
    EXPECT_THAT(host.get("/media/o").error, HasSubstr("after 500 bytes of the answer"));
    EXPECT_EQ(host.get("/media/o").text, bytes);
    auto const refused = host.call("DELETE", "/media/o", "");
    EXPECT_EQ(refused.status, 429);
    EXPECT_THAT(refused.text, HasSubstr("<Code>SlowDown</Code>"));
    EXPECT_EQ(host.call("DELETE", "/media/o", "").status, 204);
    EXPECT_THAT(sandbox.journaled_faults(),
                ::testing::ElementsAre("", "lost_response", "unavailable", "cut_body", "",
                                       "rate_limited", ""));
}

TEST(FaultySandboxTest, ASlowAnswerComesByTheClockAfterItsEffect) {
    testing::FakeClock clock;
    FaultySandbox sandbox(clock,
                          R"({"method": "secretmanager.projects.secrets.create", "kind": "slow",
        "at": [1], "delay_ms": 60000})");
    auto const before = clock.now();
    EXPECT_EQ(sandbox.make_secret("s").status, 200);
    EXPECT_GE(clock.now() - before, milliseconds(60'000));
    auto const entries = must(read_requests(journal_file(sandbox.host().data())));
    EXPECT_GE(entries.at(0).at("duration_ms").to_number<std::int64_t>(), 60'000);
}

// An hour's delay is no reason to run for an hour.
TEST(FaultySandboxTest, StopDoesNotWaitForASlowAnswer) {
    SystemClock clock;
    FaultySandbox sandbox(clock,
                          R"({"method": "secretmanager.projects.secrets.create", "kind": "slow",
        "at": [1], "delay_ms": 3600000})");
    std::promise<void> asking;
    std::jthread const client([&] {
        testing::HttpClient own;
        asking.set_value();
        (void)own.send(
            {.verb = "POST",
             .url = sandbox.host().url() + std::string(FaultySandbox::kSecrets) + "?secretId=s",
             .body = R"({"replication": {"automatic": {}}})",
             .headers = {{"Authorization", "Bearer ya29.test"}}});
    });
    asking.get_future().wait();
    while (sandbox.status_of_secret("s") != 200) clock.sleep_for(milliseconds(1), {});
    sandbox.host().sandbox().stop();
    EXPECT_THAT(sandbox.journaled_faults(), ::testing::Contains("slow"));
}

}  // namespace
}  // namespace aipress::sandbox
