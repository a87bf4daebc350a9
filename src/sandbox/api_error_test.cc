#include "sandbox/api_error.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

json::value body_of(http::Response const& response) {
    return json::parse(std::get<std::string>(response.body));
}

// The shapes are those of replies recorded from Google.
TEST(ApiErrorTest, EachApiHasItsEnvelope) {
    ApiError const missing{.code = ErrorCode::NotFound, .message = "Secret [s] not found."};
    auto const secrets = missing.response(error_style_of("secretmanager"));
    EXPECT_EQ(secrets.status, 404);
    EXPECT_EQ(body_of(secrets), json::parse(R"({"error": {"code": 404,
        "message": "Secret [s] not found.", "status": "NOT_FOUND"}})"));

    ApiError const instance{.code = ErrorCode::NotFound,
                            .message = "The Cloud SQL instance does not exist.",
                            .legacy_reason = "instanceDoesNotExist"};
    EXPECT_EQ(body_of(instance.response(error_style_of("sqladmin"))),
              json::parse(R"({"error": {"code": 404,
        "errors": [{"domain": "global", "message": "The Cloud SQL instance does not exist.",
                    "reason": "instanceDoesNotExist"}],
        "message": "The Cloud SQL instance does not exist."}})"));

    EXPECT_EQ(body_of(missing.response(error_style_of("dns"))), json::parse(R"({"error": {
        "code": 404, "errors": [{"domain": "global", "message": "Secret [s] not found.",
                                 "reason": "notFound"}],
        "message": "Secret [s] not found.", "status": "NOT_FOUND"}})"));
}

TEST(ApiErrorTest, APreconditionMayHaveAnotherStatus) {
    ApiError const unmet{
        .code = ErrorCode::FailedPrecondition, .message = "no", .http_status = 412};
    auto const response = unmet.response(ErrorStyle::Legacy);
    EXPECT_EQ(response.status, 412);
    EXPECT_EQ(body_of(response).at("error").at("errors").at(0).at("reason"), "conditionNotMet");
}

TEST(ApiErrorTest, AQuotaSaysWhenToComeAgain) {
    ApiError busy{.code = ErrorCode::ResourceExhausted, .message = "slow down"};
    busy.retry_after = milliseconds(1'500);
    busy.details.push_back(error_info("RATE_LIMIT_EXCEEDED", "googleapis.com", {{"a", "b"}}));
    busy.details.push_back(retry_info(milliseconds(1'500)));
    auto const response = busy.response(ErrorStyle::Rpc);
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(response.headers.find("Retry-After"), "2");
    auto const details = body_of(response).at("error").at("details");
    EXPECT_EQ(details.at(0).at("reason"), "RATE_LIMIT_EXCEEDED");
    EXPECT_EQ(details.at(0).at("metadata").at("a"), "b");
    EXPECT_EQ(details.at(1).at("retryDelay"), "1.500s");
}

TEST(ApiErrorTest, AllThatIsWrongWithABodyIsListed) {
    auto const error = invalid_body({{"a.b", "first"}, {"", "second"}});
    EXPECT_EQ(error.message, "first\nsecond");
    EXPECT_EQ(body_of(error.response(ErrorStyle::Rpc)).at("error").at("details"),
              json::parse(R"([{"@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "a.b", "description": "first"},
                            {"description": "second"}]}])"));
}

}  // namespace
}  // namespace aipress::sandbox
