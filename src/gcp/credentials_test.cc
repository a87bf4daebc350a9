#include "gcp/credentials.h"

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <thread>

#include "gcp/token_cache.h"
#include "http/base64.h"
#include "http/rsa_key.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"
#include "testing/scripted_transport.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using ::testing::Not;
using testing::test_context;

std::string secret_of(Outcome<AccessToken> token) {
    EXPECT_THAT(token, IsOk());
    return token.ok() ? token->secret.reveal() : "";
}

class TokenCacheTest : public ::testing::Test {
protected:
    // Tokens "1", "2", … that live for an hour; an error while error_ is set.
    Outcome<AccessToken> fetch(RetryPolicy const& policy) {
        last_attempts_ = policy.attempts;
        ++fetches_;
        if (error_) return *error_;
        return AccessToken{.secret = Secret(std::to_string(fetches_)),
                           .expiry = clock_.wall_now() + std::chrono::hours(1)};
    }
    std::string token() { return secret_of(cache_.token(context_)); }

    testing::FakeClock clock_;
    Context const context_{clock_, Deadline::never(), {}};
    std::optional<ApiError> error_;
    int fetches_ = 0;
    unsigned last_attempts_ = 0;
    TokenCache cache_{
        clock_, {}, [this](Context const&, RetryPolicy const& policy) { return fetch(policy); }};
};

TEST_F(TokenCacheTest, ATokenIsKeptAndRenewedAheadOfItsEnd) {
    EXPECT_EQ(token(), "1");
    clock_.advance(std::chrono::minutes(56));
    EXPECT_EQ(token(), "1");
    clock_.advance(std::chrono::seconds(16));
    EXPECT_EQ(token(), "2");
}

TEST_F(TokenCacheTest, TheOldOneServesWhileARenewalFails) {
    EXPECT_EQ(token(), "1");
    clock_.advance(std::chrono::minutes(57));
    error_ = Error(ErrorCode::Unavailable, "nobody answers");
    EXPECT_EQ(token(), "1");
    EXPECT_EQ(last_attempts_, 1U);  // no caller waits for retries that it does not need
    EXPECT_EQ(token(), "1");
    EXPECT_EQ(fetches_, 2);  // nor is everyone's call an attempt
    clock_.advance(std::chrono::minutes(4));
    EXPECT_THAT(cache_.token(context_), HasCode(ErrorCode::Unavailable));
    EXPECT_GT(last_attempts_, 1U);
    error_.reset();
    EXPECT_EQ(token(), "4");
}

TEST_F(TokenCacheTest, ARefusedTokenIsNotGivenAgain) {
    auto const first = must(Result<AccessToken>(cache_.token(context_).release()));
    cache_.refuse(first);
    EXPECT_EQ(token(), "2");
    cache_.refuse(first);  // another thread's news of the same: it is gone already
    EXPECT_EQ(token(), "2");
}

TEST(TokenCacheThreadsTest, OneAsksForAll) {
    SystemClock clock;
    std::atomic<int> fetches = 0;
    std::atomic<int> callers = 0;
    TokenCache cache(clock, {}, [&](Context const& context, RetryPolicy const&) {
        ++fetches;
        while (callers < 8) (void)context.sleep(milliseconds(1));
        return Outcome<AccessToken>(AccessToken{.secret = Secret("t"), .expiry = WallTime::max()});
    });
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                ++callers;
                EXPECT_EQ(secret_of(cache.token(test_context())), "t");
            });
        }
    }
    EXPECT_EQ(fetches, 1);
}

TEST(TokenCacheThreadsTest, AWaiterSharesTheErrorButNotTheFetchersDeadline) {
    SystemClock clock;
    std::atomic<int> fetches = 0;
    std::atomic<bool> is_waiting = false;
    TokenCache cache(clock, {}, [&](Context const& context, RetryPolicy const&) {
        if (++fetches == 1) {
            while (!context.stopped()) (void)context.sleep(milliseconds(1));
            return Outcome<AccessToken>(Error(ErrorCode::Cancelled, "called off"));
        }
        return Outcome<AccessToken>(AccessToken{.secret = Secret("t")});
    });
    std::stop_source stop;
    std::jthread const fetcher([&] {
        EXPECT_THAT(cache.token(test_context().stopped_by(stop.get_token())),
                    HasCode(ErrorCode::Cancelled));
    });
    while (fetches == 0) (void)test_context().sleep(milliseconds(1));
    // A waiter whose own time is up does not wait for the fetcher.
    EXPECT_THAT(cache.token(test_context().within(milliseconds(20))),
                HasCode(ErrorCode::DeadlineExceeded));
    std::jthread const waiter([&] {
        is_waiting = true;
        EXPECT_EQ(secret_of(cache.token(test_context())), "t");
    });
    while (!is_waiting) (void)test_context().sleep(milliseconds(1));
    stop.request_stop();
}

class ServiceAccountTest : public ::testing::Test {
protected:
    std::string key_file(std::string const& token_uri = "https://oauth2.googleapis.com/token") {
        return json::serialize(json::object{{"type", "service_account"},
                                            {"client_email", "mover@p.iam.gserviceaccount.com"},
                                            {"private_key_id", "key-1"},
                                            {"private_key", must(key_.private_pem())},
                                            {"token_uri", token_uri}});
    }
    std::unique_ptr<TokenSource> source() {
        return must(make_service_account({.transport = transport_, .clock = clock_}, key_file(),
                                         {std::string(kCloudPlatformScope)}));
    }

    testing::FakeClock clock_;
    Context const context_{clock_, Deadline::after(clock_, std::chrono::minutes(10)), {}};
    testing::ScriptedTransport transport_;
    http::RsaKey const key_ = must(http::RsaKey::generate(1'024));
};

TEST_F(ServiceAccountTest, TheGrantIsSignedWithTheKey) {
    transport_.then_answer(200, R"({"access_token": "ya29.x", "expires_in": 3599})");
    auto const tokens = source();
    auto const token = tokens->token(context_).release();
    EXPECT_EQ(token.secret.reveal(), "ya29.x");
    EXPECT_EQ(token.expiry, clock_.wall_now() + std::chrono::seconds(3'599));
    auto const request = transport_.requests().at(0);
    EXPECT_EQ(request.url, "https://oauth2.googleapis.com/token");
    constexpr std::string_view kForm =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    ASSERT_THAT(request.body, ::testing::StartsWith(std::string(kForm)));
    auto const jwt = request.body.substr(kForm.size());
    auto const first = jwt.find('.');
    auto const second = jwt.find('.', first + 1);
    EXPECT_TRUE(http::is_signed_by(must(key_.public_pem()), jwt.substr(0, second),
                                   http::decode_base64(jwt.substr(second + 1)).value()));
    auto const header = json::parse(http::decode_base64(jwt.substr(0, first)).value());
    EXPECT_EQ(header, json::parse(R"({"alg": "RS256", "typ": "JWT", "kid": "key-1"})"));
    auto const claims =
        json::parse(http::decode_base64(jwt.substr(first + 1, second - first - 1)).value());
    EXPECT_EQ(claims.at("iss"), "mover@p.iam.gserviceaccount.com");
    EXPECT_EQ(claims.at("aud"), "https://oauth2.googleapis.com/token");
    EXPECT_EQ(std::string(claims.at("scope").as_string()), kCloudPlatformScope);
    EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 3'600);
}

TEST_F(ServiceAccountTest, WhatPassesIsTriedAgainAndWhatDoesNotIsSaidWithoutTheKey) {
    transport_.then_answer(503, "busy");
    transport_.then_break(true);
    transport_.then_answer(200, R"({"access_token": "ya29.x", "expires_in": 3599})");
    EXPECT_EQ(secret_of(source()->token(context_)), "ya29.x");
    transport_.then_answer(400,
                           R"({"error": "invalid_grant", "error_description": "Bad signature"})");
    auto const refused = source()->token(context_);
    EXPECT_THAT(refused, HasError(ErrorCode::InvalidArgument, HasSubstr("Bad signature")));
    EXPECT_THAT(refused.error().message(), HasSubstr("mover@p.iam.gserviceaccount.com"));
    EXPECT_EQ(transport_.requests().size(), 4U);
    transport_.then_answer(200, R"({"access_token": "ya29.secret"})");
    EXPECT_THAT(source()->token(context_).error().message(), Not(HasSubstr("ya29.secret")));
}

TEST_F(ServiceAccountTest, AKeyThatIsNoneNamesTheFieldNotItsValue) {
    TokenClient const client{.transport = transport_, .clock = clock_};
    auto const refused = [&](json::object const& file) {
        return make_service_account(client, json::serialize(file), {});
    };
    auto file = json::parse(key_file()).as_object();
    file["private_key"] = "-----BEGIN hunter2";
    EXPECT_THAT(refused(file), HasError(ErrorCode::InvalidArgument, HasSubstr("private_key")));
    EXPECT_THAT(refused(file).error().message(), Not(HasSubstr("hunter2")));
    file.erase("client_email");
    EXPECT_THAT(refused(file), HasError(ErrorCode::InvalidArgument, HasSubstr("client_email")));
    EXPECT_THAT(make_service_account(client, "{", {}), HasCode(ErrorCode::InvalidArgument));
}

TEST_F(ServiceAccountTest, AFileSaysOfWhichTypeItIs) {
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const path = folder / "credentials.json";
    TokenClient const client{.transport = transport_, .clock = clock_};
    auto const read = [&](std::string const& text) {
        std::ofstream(path) << text;
        return read_credentials(client, path);
    };
    transport_.then_answer(200, R"({"access_token": "of-key", "expires_in": 10})");
    EXPECT_EQ(secret_of(must(read(key_file()))->token(context_)), "of-key");
    transport_.then_answer(200, R"({"access_token": "of-user", "expires_in": 10})");
    auto const user = R"({"type": "authorized_user", "client_id": "c", "client_secret": "s",
                          "refresh_token": "r"})";
    EXPECT_EQ(secret_of(must(read(user))->token(context_)), "of-user");
    EXPECT_EQ(transport_.requests().back().body,
              "grant_type=refresh_token&client_id=c&client_secret=s&refresh_token=r");
    transport_.then_answer(200, R"({"access_token": "of-user", "expires_in": 10})");
    transport_.then_answer(
        200, R"({"accessToken": "of-account", "expireTime": "2030-01-01T00:00:00Z"})");
    auto const impersonated =
        fmt::format(R"({{"type": "impersonated_service_account", "source_credentials": {},
            "service_account_impersonation_url": "https://iam.example/v1/projects/-/serviceAccounts/a@b:generateAccessToken"}})",
                    user);
    EXPECT_EQ(secret_of(must(read(impersonated))->token(context_)), "of-account");
    EXPECT_EQ(transport_.requests().back().url,
              "https://iam.example/v1/projects/-/serviceAccounts/a@b:generateAccessToken");
    EXPECT_THAT(read(R"({"type": "external_account"})"),
                HasError(ErrorCode::InvalidArgument, HasSubstr("external_account")));
    EXPECT_THAT(read("[]"), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(read_credentials(client, folder / "none"), HasCode(ErrorCode::NotFound));
}

class CredentialsOnAServerTest : public ::testing::Test {
protected:
    SystemClock clock_;
    testing::SandboxHost host_{clock_};
    HttpTransport transport_;
    TokenClient const client_{.transport = transport_, .clock = clock_};
    // Not by the API's own name, which the key's token_uri would be of.
    std::string const accounts_ = "/v1/projects/sandbox-project/serviceAccounts";

    // Whom the server takes the token's bearer for, from its journal of requests.
    int status_with(std::string const& token) {
        http::Client client;
        return must(client.send(test_context(),
                                {.url = host_.url() + "/storage/v1/b?project=sandbox-project",
                                 .headers = {{"Authorization", "Bearer " + token}}}))
            .status;
    }
};

TEST_F(CredentialsOnAServerTest, EverySourceGivesATokenThatIsTaken) {
    ASSERT_EQ(host_.post(accounts_, {{"accountId", "mover-one"}}).status, 200);
    auto const email = "mover-one@sandbox-project.iam.gserviceaccount.com";
    auto const key = host_.post(accounts_ + "/" + email + "/keys", json::object());
    ASSERT_EQ(key.status, 200) << key.text;
    auto const file = *http::decode_base64(key.body.at("privateKeyData").as_string());
    auto account = must(make_service_account(client_, file, {std::string(kCloudPlatformScope)}));
    EXPECT_EQ(status_with(secret_of(account->token(test_context()))), 200);

    auto const metadata = make_metadata_server(client_, fmt::format("127.0.0.1:{}", host_.port()));
    EXPECT_EQ(status_with(secret_of(metadata->token(test_context()))), 200);

    auto const impersonated = make_impersonation(
        client_, {.account = email, .endpoint = host_.url()}, std::move(account));
    EXPECT_EQ(status_with(secret_of(impersonated->token(test_context()))), 200);
    auto const unknown = make_impersonation(
        client_,
        {.account = "nobody@sandbox-project.iam.gserviceaccount.com", .endpoint = host_.url()},
        make_fixed_token("ya29.x"));
    EXPECT_THAT(unknown->token(test_context()),
                HasError(ErrorCode::NotFound, HasSubstr("a token for nobody@")));
}

}  // namespace
}  // namespace aipress::gcp
