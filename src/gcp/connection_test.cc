// What is sent, and what is sent again; the same against a server is in services_test.cc.
#include "gcp/connection.h"

#include <gmock/gmock.h>

#include "testing/fake_clock.h"
#include "testing/scripted_transport.h"
#include "testing/status_matchers.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;

class Tokens final : public TokenSource {
public:
    Outcome<AccessToken> token(Context const&) override {
        return AccessToken{.secret = Secret("token-" + std::to_string(number_))};
    }
    void refuse(AccessToken const& token) override {
        if (token.secret.reveal() == "token-" + std::to_string(number_)) ++number_;
    }

private:
    int number_ = 1;
};

class ConnectionTest : public ::testing::Test {
protected:
    static ConnectionOptions options() {
        return {.endpoints = {{"dns.googleapis.com", "http://127.0.0.1:9"}},
                .quota_project = "payer",
                .retry = {.random = [] { return 1.0; }}};
    }
    Outcome<json::object> call(Call const& call) { return connection_.call(context_, call); }
    std::vector<std::string> methods() const {
        std::vector<std::string> all;
        for (auto const& request : transport_.requests()) all.push_back(request.method);
        return all;
    }
    milliseconds elapsed() const { return elapsed_ms(began_, clock_.now()); }
    // That answers each time with the next of these.
    Check check(std::vector<std::optional<json::object>> const& answers) {
        return [this, answers](Context const&) -> Outcome<std::optional<json::object>> {
            return answers.at(checks_++);
        };
    }

    testing::FakeClock clock_;
    SteadyTime const began_ = clock_.now();
    Context const context_{clock_, Deadline::after(clock_, std::chrono::minutes(10)), {}};
    testing::ScriptedTransport transport_;
    Tokens tokens_;
    QuotaBroker quotas_{clock_};
    Connection const connection_{transport_, tokens_, quotas_, options()};
    std::size_t checks_ = 0;
    Call const create_{.api = "run.googleapis.com",
                       .method = "POST",
                       .path = "/v2/x",
                       .body = json::object{{"a", 1}}};
    json::object const made_{{"name", "made"}};
};

TEST_F(ConnectionTest, ACallGoesToItsEndpointWithTokenAndQuotaProject) {
    transport_.then_answer(200, R"({"a": 1})");
    transport_.then_answer(204, "");
    EXPECT_THAT(call({.api = "run.googleapis.com", .path = "/v2/x", .query = {{"q", "a b"}}}),
                IsOk());
    EXPECT_EQ(call({.api = "dns.googleapis.com",
                    .method = "DELETE",
                    .path = "/dns/v1/x",
                    .quota_project = "other"})
                  .release(),
              json::object());
    auto const requests = transport_.requests();
    EXPECT_EQ(requests[0].url, "https://run.googleapis.com/v2/x?q=a%20b");
    EXPECT_EQ(requests[0].headers.find("Authorization"), "Bearer token-1");
    EXPECT_EQ(requests[0].headers.find("x-goog-user-project"), "payer");
    EXPECT_EQ(requests[0].headers.find("User-Agent"), "aipress");
    EXPECT_EQ(requests[1].url, "http://127.0.0.1:9/dns/v1/x");
    EXPECT_EQ(requests[1].headers.find("x-goog-user-project"), "other");
    EXPECT_EQ(requests[1].sending, http::ClientRequest::Sending::Once);
}

TEST_F(ConnectionTest, AReadIsRepeatedUntilTheDeadline) {
    transport_.then_answer(503, "");
    transport_.then_break(true);
    transport_.then_answer(500, "");
    transport_.then_answer(200);
    EXPECT_THAT(call({.api = "run.googleapis.com", .path = "/x"}), IsOk());
    EXPECT_EQ(elapsed(), milliseconds(1'000 + 2'000 + 4'000));
    for (int i = 0; i < 30; ++i) transport_.then_answer(503, "busy");
    auto const never = call({.api = "run.googleapis.com", .path = "/x"});
    EXPECT_THAT(never, HasError(ErrorCode::Unavailable, HasSubstr("attempt")));
    EXPECT_FALSE(context_.expired());
    transport_.then_answer(200);
}

TEST_F(ConnectionTest, ARefusedTokenIsRenewedOnce) {
    transport_.then_answer(401);
    transport_.then_answer(200);
    EXPECT_THAT(call(create_), IsOk());
    EXPECT_EQ(transport_.requests()[1].headers.find("Authorization"), "Bearer token-2");
    EXPECT_EQ(elapsed(), milliseconds(0));
    transport_.then_answer(401);
    transport_.then_answer(401);
    EXPECT_THAT(call(create_), HasCode(ErrorCode::Unauthenticated));
    EXPECT_EQ(transport_.requests().size(), 4U);
}

TEST_F(ConnectionTest, AMutationOfUnknownOutcomeIsNotRepeatedBlindly) {
    for (auto const breaks : {true, false}) {
        if (breaks) transport_.then_break(true);
        if (!breaks) transport_.then_answer(503, "");
        EXPECT_THAT(call(create_), HasError(ErrorCode::Unavailable, HasSubstr("unknown whether")));
    }
    EXPECT_EQ(transport_.requests().size(), 2U);
    // What certainly was not carried out is.
    transport_.then_break(false);
    transport_.then_answer(429, "");
    transport_.then_answer(409, R"({"error": {"errors": [{"reason": "operationInProgress"}]}})");
    transport_.then_answer(200);
    EXPECT_THAT(call(create_), IsOk());
    EXPECT_EQ(transport_.requests().size(), 6U);
}

TEST_F(ConnectionTest, ACheckTellsWhetherALostCallWasCarriedOut) {
    auto checked = create_;
    checked.check = check({made_});
    transport_.then_break(true);
    EXPECT_EQ(call(checked).release(), made_);
    EXPECT_EQ(transport_.requests().size(), 1U);
    checks_ = 0;
    checked.check = check({std::nullopt});
    transport_.then_answer(503, "");
    transport_.then_answer(200, R"({"fresh": true})");
    EXPECT_EQ(call(checked).release(), (json::object{{"fresh", true}}));
    // Not there when it was looked for, yet there when it was sent again: the first one was slow.
    checks_ = 0;
    checked.check = check({std::nullopt, made_});
    transport_.then_break(true);
    transport_.then_answer(409, R"({"error": {"code": 409, "status": "ALREADY_EXISTS"}})");
    EXPECT_EQ(call(checked).release(), made_);
    EXPECT_EQ(checks_, 2U);
    // Nothing was lost: somebody else's.
    checks_ = 0;
    transport_.then_answer(409, R"({"error": {"code": 409, "status": "ALREADY_EXISTS"}})");
    EXPECT_THAT(call(checked), HasCode(ErrorCode::AlreadyExists));
    EXPECT_EQ(checks_, 0U);
}

TEST_F(ConnectionTest, AnIdempotentCallLooksOnlyWhereItsRepetitionFails) {
    auto idempotent = create_;
    idempotent.idempotent = Idempotent::Yes;
    idempotent.check = check({made_, std::nullopt});
    transport_.then_break(true);
    transport_.then_answer(200, "{}");
    EXPECT_THAT(call(idempotent), IsOk());
    EXPECT_EQ(checks_, 0U);
    for (int i = 0; i < 3; ++i) {
        if (i < 2) transport_.then_break(true);
        transport_.then_answer(412, R"({"error": {"errors": [{"reason": "conditionNotMet"}]}})");
    }
    EXPECT_EQ(call(idempotent).release(), made_);
    EXPECT_THAT(call(idempotent), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_EQ(checks_, 2U);
    EXPECT_THAT(call(idempotent), HasCode(ErrorCode::FailedPrecondition));
    EXPECT_EQ(checks_, 2U);
}

TEST_F(ConnectionTest, RateLimitsTeachTheBrokerWhenTheyLast) {
    QuotaKey const key{.group = {.api = "run.googleapis.com", .name = "mutate"},
                       .project = "payer"};
    auto const before = *quotas_.calls_a_minute(key);
    transport_.then_answer(429, "", {{"Retry-After", "20"}});
    transport_.then_answer(200);
    EXPECT_THAT(call(create_), IsOk());
    EXPECT_EQ(*quotas_.calls_a_minute(key), before);
    EXPECT_GE(elapsed(), milliseconds(20'000));
    for (std::size_t i = 0; i < limits::kRefusalsSustained; ++i) {
        transport_.then_answer(429, "");
        auto const hurried = context_.within(milliseconds(500));
        EXPECT_THAT(connection_.call(hurried, create_), HasCode(ErrorCode::ResourceExhausted));
    }
    EXPECT_LT(*quotas_.calls_a_minute(key), before);
}

// Cloud Storage lets one object be changed about once a second.
TEST_F(ConnectionTest, OneObjectsLimitIsNotTheProjects) {
    transport_.then_answer(429,
                           R"({"error": {"code": 429, "message": "The object b/o exceeded the )"
                           R"(rate limit for object mutation operations (create, update, and )"
                           R"(delete)."}})");
    transport_.then_answer(200);
    EXPECT_THAT(call(create_), IsOk());
    QuotaKey const key{.group = {.api = "run.googleapis.com", .name = "mutate"},
                       .project = "payer"};
    EXPECT_EQ(quotas_.calls_a_minute(key), 60);
}

TEST_F(ConnectionTest, EveryPageIsRead) {
    transport_.then_answer(200, R"({"items": [{"n": 1}, {"n": 2}], "nextPageToken": "a b"})");
    transport_.then_answer(503, "");
    transport_.then_answer(200, R"({"nextPageToken": "c"})");
    transport_.then_answer(200, R"({"items": [{"n": 3}]})");
    std::vector<std::int64_t> numbers;
    auto const visit = [&](json::object const& item) -> Outcome<Done> {
        numbers.push_back(item.at("n").as_int64());
        return Done();
    };
    Call const list{.api = "run.googleapis.com", .path = "/x", .query = {{"pageSize", "2"}}};
    EXPECT_THAT(connection_.for_each(context_, list, "items", visit), IsOk());
    EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
    EXPECT_EQ(transport_.requests()[0].url, "https://run.googleapis.com/x?pageSize=2");
    EXPECT_EQ(transport_.requests()[2].url,
              "https://run.googleapis.com/x?pageSize=2&pageToken=a%20b");
    transport_.then_answer(200, R"({"items": [], "unreachable": ["europe-west1"]})");
    EXPECT_THAT(connection_.for_each(context_, list, "items", visit),
                HasError(ErrorCode::Unavailable, HasSubstr("europe-west1")));
    transport_.then_answer(200, R"({"nextPageToken": "same"})");
    transport_.then_answer(200, R"({"nextPageToken": "same"})");
    EXPECT_THAT(connection_.for_each(context_, list, "items", visit), HasCode(ErrorCode::Internal));
}

TEST_F(ConnectionTest, ATokenDoesNotGoToAStrangersSession) {
    Call const stranger{
        .api = "storage.googleapis.com",
        .method = "PUT",
        .session_url = "https://storage.googleapis.com.example.org/upload?id=secret"};
    auto const refused = connection_.send(context_, stranger);
    EXPECT_THAT(refused, HasCode(ErrorCode::Internal));
    EXPECT_THAT(refused.error().message(), ::testing::Not(HasSubstr("secret")));
    EXPECT_TRUE(transport_.requests().empty());
}

}  // namespace
}  // namespace aipress::gcp
