// Envelopes as Google sends them: texts of recorded answers and public issue threads.
#include "gcp/error.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace aipress::gcp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

http::ClientResponse answer(int status, std::string body, http::Headers headers = {}) {
    return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

TEST(GcpErrorTest, ErrorInfoOfAnApiThatIsOffNamesTheCommandThatTurnsItOn) {
    auto const error = read_error("GET run.googleapis.com/v2/projects/p", answer(403, R"({"error": {
        "code": 403, "status": "PERMISSION_DENIED",
        "message": "Cloud Run Admin API has not been used in project 17 before or it is disabled.",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                     "reason": "SERVICE_DISABLED", "domain": "googleapis.com",
                     "metadata": {"service": "run.googleapis.com", "consumer": "projects/17"}}]}})"));
    EXPECT_EQ(error.code(), ErrorCode::PermissionDenied);
    EXPECT_EQ(error.http_status, 403);
    EXPECT_EQ(error.reason, "SERVICE_DISABLED");
    EXPECT_EQ(error.domain, "googleapis.com");
    EXPECT_EQ(error.metadata.at("service"), "run.googleapis.com");
    EXPECT_EQ(error.retry, Retry::Never);
    EXPECT_EQ(error.remedy, "enable it: gcloud services enable run.googleapis.com --project=17");
    EXPECT_THAT(error.message(), AllOf(HasSubstr("GET run.googleapis.com/v2/projects/p: Cloud Run"),
                                       HasSubstr("(SERVICE_DISABLED)"), HasSubstr(error.remedy)));
}

// Cloud Spanner's emulator: a gRPC gateway without Google's envelope around it.
TEST(GcpErrorTest, AStatusWithoutItsEnvelopeIsReadToo) {
    auto const error = read_error(
        "POST spanner.googleapis.com/v1/s:commit",
        answer(409, R"({"code": 10, "message": "Transaction 8 aborted", "details": []})"));
    EXPECT_EQ(error.code(), ErrorCode::Aborted);
    EXPECT_THAT(error.message(), HasSubstr("Transaction 8 aborted"));
    EXPECT_EQ(error.retry, Retry::Never);
}

TEST(GcpErrorTest, LegacyReasonsAreToldApart) {
    auto const legacy = [](int status, std::string const& reason, std::string const& message) {
        return read_error(
            "POST sqladmin.googleapis.com/sql/v1beta4/projects/p/instances",
            answer(status, R"({"error": {"code": )" + std::to_string(status) + R"(, "message": ")" +
                               message + R"(", "errors": [{"domain": "global", "reason": ")" +
                               reason + R"(", "message": "m"}]}})"));
    };
    auto const busy =
        legacy(409, "operationInProgress", "Operation failed: another one is running");
    EXPECT_EQ(busy.code(), ErrorCode::Aborted);
    EXPECT_EQ(busy.retry, Retry::Always);
    auto const taken = legacy(409, "instanceAlreadyExists", "The instance already exists.");
    EXPECT_EQ(taken.code(), ErrorCode::AlreadyExists);
    EXPECT_EQ(taken.retry, Retry::Never);
    EXPECT_THAT(taken.remedy, HasSubstr("a week"));
    auto const limited = legacy(403, "rateLimitExceeded", "Rate Limit Exceeded");
    EXPECT_EQ(limited.code(), ErrorCode::ResourceExhausted);
    EXPECT_TRUE(limited.is_rate_limit());
    EXPECT_EQ(limited.retry, Retry::Always);
    auto const full = legacy(403, "quotaExceeded", "Quota 'NETWORKS' exceeded.");
    EXPECT_EQ(full.code(), ErrorCode::ResourceExhausted);
    EXPECT_FALSE(full.is_rate_limit());
    EXPECT_EQ(full.retry, Retry::Never);
    EXPECT_EQ(legacy(412, "conditionNotMet", "Precondition not met").code(),
              ErrorCode::FailedPrecondition);
    auto const denied = legacy(403, "forbidden",
                               "mover@p.iam.gserviceaccount.com does not have "
                               "storage.objects.get access to the Google Cloud Storage object.");
    EXPECT_EQ(denied.remedy,
              "grant the caller roles/storage.objectAdmin, which has storage.objects.get");
}

TEST(GcpErrorTest, ABillingAccountThatIsFullIsNotAnyFailedPrecondition) {
    auto const body = R"({"error": {"code": 400, "message": "Precondition check failed.",
        "status": "FAILED_PRECONDITION", "details": [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
         {"subject": "billingAccounts/A", "description": "Cloud billing quota exceeded"}]}]}})";
    auto const link =
        read_error("PUT cloudbilling.googleapis.com/v1/projects/p/billingInfo", answer(400, body));
    EXPECT_EQ(link.code(), ErrorCode::FailedPrecondition);
    EXPECT_THAT(link.remedy, HasSubstr("billing_quota_increase"));
    EXPECT_THAT(link.message(), HasSubstr("Cloud billing quota exceeded"));
    EXPECT_EQ(read_error("POST run.googleapis.com/v2/x", answer(400, body)).remedy, "");
}

TEST(GcpErrorTest, AsLongAsGoogleAsksForIsWaited) {
    auto const info = read_error("GET x", answer(429, R"({"error": {"code": 429,
        "status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
         "domain": "googleapis.com", "metadata": {"quota_limit": "defaultPerMinutePerProject"}},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.500s"}]}})",
                                                 {{"Retry-After", "9"}}));
    EXPECT_EQ(info.retry_delay, milliseconds(1'500));
    EXPECT_THAT(info.remedy, HasSubstr("defaultPerMinutePerProject"));
    auto const after = read_error("GET x", answer(503, "overloaded", {{"Retry-After", "9"}}));
    EXPECT_EQ(after.retry_delay, milliseconds(9'000));
    EXPECT_EQ(after.code(), ErrorCode::Unavailable);
    EXPECT_EQ(after.retry, Retry::WhenIdempotent);
    EXPECT_THAT(after.message(), HasSubstr("HTTP 503: overloaded"));
    for (auto const* const none : {"-1", "soon", "1e99", "", "nan", "inf"}) {
        EXPECT_EQ(read_error("GET x", answer(503, "", {{"Retry-After", none}})).retry_delay,
                  std::nullopt)
            << none;
    }
}

TEST(GcpErrorTest, OfWhatIsNoErrorTheStatusIsTold) {
    for (auto const* const body : {"", "<html>", "[]", "{}", R"({"error": 7})", R"({"error": {}})",
                                   R"({"error": {"details": [7, {}], "errors": [null]}})"}) {
        auto const error = read_error("GET x", answer(404, body));
        EXPECT_EQ(error.code(), ErrorCode::NotFound) << body;
        EXPECT_THAT(error.message(), HasSubstr("HTTP 404")) << body;
    }
    auto const grant = read_error(
        "a token",
        answer(400,
               R"({"error": "invalid_grant", "error_description": "Invalid JWT Signature."})"));
    EXPECT_EQ(grant.reason, "invalid_grant");
    EXPECT_THAT(grant.message(), HasSubstr("Invalid JWT Signature."));
    EXPECT_THAT(grant.remedy, HasSubstr("clock"));
    EXPECT_EQ(read_error("GET x", answer(409, "")).code(), ErrorCode::AlreadyExists);
    EXPECT_THAT(read_error("GET x", answer(500, std::string(9'000, 'x'))).message(),
                Not(HasSubstr(std::string(400, 'x'))));
}

TEST(GcpErrorTest, OperationsFailInTwoWays) {
    auto const rpc = read_operation_error(
        "creating project p",
        boost::json::parse(R"({"code": 8, "message": "The project cannot be created",
            "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
                {"description": "The project count quota is used up"}]}]})")
            .as_object());
    EXPECT_EQ(rpc.code(), ErrorCode::ResourceExhausted);
    EXPECT_EQ(rpc.retry, Retry::Never);
    EXPECT_THAT(rpc.message(), HasSubstr("creating project p: The project cannot be created: The "
                                         "project count quota is used up"));
    auto const legacy = read_operation_error(
        "export", boost::json::parse(R"({"kind": "sql#operationErrors", "errors": [
            {"code": "ERROR_RDBMS", "message": "exit status 1"},
            {"code": "OTHER", "message": "and more"}]})")
                      .as_object());
    EXPECT_EQ(legacy.reason, "ERROR_RDBMS");
    EXPECT_THAT(legacy.message(), HasSubstr("export: exit status 1; and more (ERROR_RDBMS)"));
    EXPECT_EQ(read_operation_error("x", {}).code(), ErrorCode::Unknown);
}

TEST(GcpErrorTest, WhatWasNotSentMayAlwaysBeSentAgain) {
    Error const broken(ErrorCode::Unavailable, "no connection");
    EXPECT_EQ(transport_error(broken, false).retry, Retry::Always);
    EXPECT_EQ(transport_error(broken, true).retry, Retry::WhenIdempotent);
    EXPECT_EQ(transport_error(Error(ErrorCode::Cancelled, "x"), false).retry, Retry::Never);
}

}  // namespace
}  // namespace aipress::gcp
