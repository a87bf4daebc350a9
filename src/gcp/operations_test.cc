#include "gcp/operations.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

#include "testing/fake_clock.h"
#include "testing/scripted_transport.h"
#include "testing/status_matchers.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;
using testing::HasError;
using ::testing::HasSubstr;

class OperationsTest : public ::testing::Test {
protected:
    static json::object parsed(char const* text) { return json::parse(text).as_object(); }

    testing::FakeClock clock_;
    Context const context_{clock_, Deadline::after(clock_, std::chrono::minutes(10)), {}};
    testing::ScriptedTransport transport_;
    std::unique_ptr<TokenSource> const tokens_ = make_fixed_token("t");
    QuotaBroker quotas_{clock_};
    Connection const connection_{transport_, *tokens_, quotas_, {}};
};

TEST_F(OperationsTest, AnRpcOperationIsAskedAboutUntilItIsDone) {
    transport_.then_answer(200, R"({"name": "operations/cp.1"})");
    transport_.then_answer(503, "");
    transport_.then_answer(200,
                           R"({"name": "operations/cp.1", "done": true, "response": {"x": 1}})");
    auto const done = wait_for_rpc(connection_, context_, "cloudresourcemanager.googleapis.com",
                                   "/v3/", parsed(R"({"name": "operations/cp.1"})"))
                          .release();
    EXPECT_EQ(done.at("response").at("x"), 1);
    EXPECT_EQ(transport_.requests()[0].url,
              "https://cloudresourcemanager.googleapis.com/v3/operations/cp.1");
    auto const failed = wait_for_rpc(connection_, context_, "x", "/v3/",
                                     parsed(R"({"name": "operations/cp.2", "done": true,
                   "error": {"code": 6, "message": "Requested entity already exists"}})"));
    EXPECT_THAT(failed, HasError(ErrorCode::AlreadyExists, HasSubstr("operations/cp.2")));
    EXPECT_EQ(transport_.requests().size(), 3U);  // what came done is not asked about
}

TEST_F(OperationsTest, ComputesServerWaits) {
    auto const begun = parsed(
        R"({"name": "operation-1", "status": "RUNNING", "selfLink":
            "https://www.googleapis.com/compute/v1/projects/p/global/operations/operation-1"})");
    transport_.then_break(true);  // waiting is safe to repeat, though it is a POST
    transport_.then_answer(200, json::serialize(begun));
    transport_.then_answer(200, R"({"name": "operation-1", "status": "DONE", "error":
        {"errors": [{"code": "RESOURCE_NOT_FOUND", "message": "no such network"}]}})");
    EXPECT_THAT(wait_for_compute(connection_, context_, begun),
                HasError(ErrorCode::NotFound, HasSubstr("no such network")));
    EXPECT_EQ(transport_.requests()[2].url,
              "https://compute.googleapis.com/compute/v1/projects/p/global/operations/operation-1/"
              "wait");
}

TEST_F(OperationsTest, CloudSqlFailsUnderStatus200) {
    transport_.then_answer(200, R"({"name": "o", "status": "RUNNING"})");
    transport_.then_answer(200, R"({"name": "o", "status": "DONE", "operationType": "EXPORT",
        "error": {"kind": "sql#operationErrors", "errors": [
            {"kind": "sql#operationError", "code": "ERROR", "message": "object exists"}]}})");
    EXPECT_THAT(wait_for_sql(connection_, context_, "p", parsed(R"({"name": "o"})")),
                HasError(ErrorCode::Unknown, HasSubstr("operation o (EXPORT): object exists")));
}

TEST_F(OperationsTest, TheContextEndsTheWaitNotTheOperation) {
    for (int i = 0; i < 1'000; ++i) transport_.then_answer(200, R"({"name": "o"})");
    EXPECT_THAT(wait_for_sql(connection_, context_, "p", parsed(R"({"name": "o"})")),
                HasError(ErrorCode::DeadlineExceeded, HasSubstr("operation o is still going on")));
    EXPECT_LT(transport_.requests().size(), 100U);  // ever less often
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(wait_for_sql(connection_, context_.stopped_by(stop.get_token()), "p",
                             parsed(R"({"name": "o"})")),
                HasError(ErrorCode::Cancelled, HasSubstr("operation o")));
}

}  // namespace
}  // namespace aipress::gcp
