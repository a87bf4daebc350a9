#include "migration/lease.h"

#include <condition_variable>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/lossy_transport.h"
#include "testing/must.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::migration {
namespace {

using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;

class LeaseTest : public ::testing::Test {
protected:
    void SetUp() override {
        must(storage_.create_bucket(context_, "sandbox-project", {{"name", "backups"}}));
    }
    Result<std::unique_ptr<Lease>> take(std::string const& holder,
                                        milliseconds lifetime = kLeaseTime) {
        return Lease::take(context_, storage_,
                           {.bucket = "backups", .object = "tenant-001/lease", .holder = holder},
                           lifetime);
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
    testing::LossyTransport transport_;
    std::unique_ptr<gcp::TokenSource> const tokens_ = gcp::make_fixed_token("ya29.test");
    gcp::QuotaBroker quotas_{clock_};
    gcp::Connection const connection_{
        transport_, *tokens_, quotas_,
        gcp::ConnectionOptions{.endpoints = {{"", host_.url()}},
                               .retry = {.random = [] { return 0.0; }}}};
    gcp::Storage const storage_{connection_};
    Context const context_{clock_, Deadline::after(clock_, milliseconds(60'000)), {}};
};

TEST_F(LeaseTest, OneHoldsItAndTheOtherIsToldWho) {
    auto const held = must(take("host-a:17"));
    EXPECT_THAT(held->check(), IsOk());
    EXPECT_THAT(take("host-b:4"), HasError(ErrorCode::Unavailable, HasSubstr("host-a:17")));
}

TEST_F(LeaseTest, GivenBackItIsFreeAtOnce) {
    must(take("host-a:17")).reset();
    EXPECT_THAT(take("host-b:4"), IsOk());
}

TEST_F(LeaseTest, ALostAnswerIsNoLossOfTheLease) {
    transport_.lose("POST", "/upload/");
    EXPECT_THAT(take("host-a:17"), IsOk());
    EXPECT_EQ(transport_.left(), 0);
}

// As when a process is paused past its lease and another takes the tenant over.
TEST_F(LeaseTest, WhoeverIsOvertakenStops) {
    auto const held = must(take("host-a:17", milliseconds(300)));
    auto const object = must(storage_.get_object(context_, "backups", "tenant-001/lease"));
    must(storage_.insert_object(context_,
                                {.bucket = "backups",
                                 .name = "tenant-001/lease",
                                 .metadata = {{"holder", "host-b:4"}, {"expiry", "0"}},
                                 .expected = held->generation()},
                                "host-b:4"));
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    // Until it is stopped; the keeper renews within a third of its time.
    woken.wait_for(lock, held->held(), std::chrono::seconds(30), [] { return false; });
    EXPECT_TRUE(held->held().stop_requested());
    EXPECT_THAT(held->check(), HasError(ErrorCode::Aborted, HasSubstr("taken")));
}

TEST_F(LeaseTest, OneThatRanOutIsFree) {
    must(storage_.insert_object(context_,
                                {.bucket = "backups",
                                 .name = "tenant-001/lease",
                                 .metadata = {{"holder", "host-dead:1"}, {"expiry", "1000"}}},
                                ""));
    EXPECT_THAT(take("host-b:4"), IsOk());
}

TEST_F(LeaseTest, OfAProcessThatDiedOnThisMachineItIsFree) {
    auto const mine = lease_of_this_process("backups", "tenant-001/lease");
    auto const put = [&](std::string const& machine, pid_t process, gcp::Generation expected) {
        return must(storage_.insert_object(context_,
                                           {.bucket = "backups",
                                            .name = "tenant-001/lease",
                                            .metadata = {{"holder", "a dead one"},
                                                         {"machine", machine},
                                                         {"process", std::to_string(process)},
                                                         {"expiry", "99999999999999"}},
                                            .expected = expected},
                                           ""));
    };
    pid_t const child = ::fork();
    if (child == 0) ::_exit(0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    auto const elsewhere = put("another/machine", child, gcp::kAbsent);
    EXPECT_THAT(Lease::take(context_, storage_, mine), HasCode(ErrorCode::Unavailable));
    auto const alive = put(mine.machine, ::getppid(), elsewhere.generation);
    EXPECT_THAT(Lease::take(context_, storage_, mine), HasCode(ErrorCode::Unavailable));
    put(mine.machine, child, alive.generation);
    EXPECT_THAT(Lease::take(context_, storage_, mine), IsOk());
}

TEST_F(LeaseTest, WithoutTheBucketItIsAnError) {
    EXPECT_THAT(Lease::take(context_, storage_, {.bucket = "none", .object = "x", .holder = "h"}),
                HasCode(ErrorCode::NotFound));
}

}  // namespace
}  // namespace aipress::migration
