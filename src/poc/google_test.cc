// The calls against a server that answers as a Google in trouble does.
#include "poc/google.h"

#include <atomic>
#include <boost/json/object.hpp>
#include <gmock/gmock.h>
#include <map>
#include <mutex>
#include <set>

#include "http/server.h"
#include "poc/workers.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;
using testing::must;
using testing::test_context;

class PocGoogleTest : public ::testing::Test {
protected:
    http::Response answer(http::Request const& request, http::BodyReader& body) {
        (void)body.read_all(1u << 20);
        http::Response response;
        std::lock_guard const lock(mutex_);
        ++asked_[request.path];
        hosts_.push_back(request.host);
        if (request.path == "/busy" && asked_[request.path] < 3) {
            response.status = 503;
        } else if (request.path == "/lost" && asked_[request.path] == 1) {
            // It is made, and nobody hears of it.
            response.cut = http::Response::Cut{};
        } else if (request.path == "/lost" || request.path == "/there") {
            response.status = 409;
            response.body = std::string(R"({"error": {"message": "it is there"}})");
        } else if (request.path == "/missing") {
            response.status = 404;
        } else if (request.path == "/operation") {
            response.body = std::string(asked_[request.path] < 3 ? R"({"status": "RUNNING"})"
                                                                 : R"({"status": "DONE"})");
        } else if (request.path == "/failed") {
            response.body = std::string(R"({"done": true, "error": {"message": "no disk"}})");
        } else {
            response.body = std::string(R"({"a": {"b": 7}})");
        }
        return response;
    }

    std::mutex mutex_;
    std::map<std::string, int> asked_;
    std::vector<std::string> hosts_;
    http::Server server_ = must(http::Server::start(
        {}, nullptr, [this](auto const& request, auto& body) { return answer(request, body); }));
    Ports const ports_{.apis = server_.port(), .sites = server_.port()};
    Google google_{test_context(), ports_};
};

TEST_F(PocGoogleTest, AnApiIsAskedByItsHost) {
    auto const got = must(google_.get("run.googleapis.com/v2/x"));
    EXPECT_EQ(text_at(got, "/a/b"), "7");
    EXPECT_EQ(text_at(got, "/a/c"), "");
    EXPECT_EQ(hosts_, std::vector<std::string>{"run.googleapis.com"});
}

TEST_F(PocGoogleTest, ItIsTriedAgainWhileItIsWorthIt) {
    EXPECT_TRUE(google_.get("h/busy").ok());
    EXPECT_EQ(asked_["/busy"], 3);
    EXPECT_EQ(must(google_.make("h/lost", json::object())), Made::Before);
    EXPECT_EQ(asked_["/lost"], 2);
    EXPECT_EQ(must(google_.make("h/new", json::object())), Made::Now);
}

TEST_F(PocGoogleTest, WhatGoogleSaysIsInTheError) {
    auto const there = google_.post("h/there", json::object());
    ASSERT_FALSE(there.ok());
    EXPECT_EQ(there.error().code(), ErrorCode::AlreadyExists);
    EXPECT_EQ(there.error().message(), "POST h/there: 409 it is there");
    EXPECT_FALSE(must(google_.find("h/missing")).has_value());
    EXPECT_FALSE(google_.get("h/missing").ok());
}

TEST_F(PocGoogleTest, AnOperationIsAwaitedAndItsErrorTold) {
    EXPECT_TRUE(google_.wait("h/operation").ok());
    EXPECT_EQ(asked_["/operation"], 3);
    auto const failed = google_.wait("h/failed");
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().message(), "h/failed: no disk");
}

TEST_F(PocGoogleTest, WorkersDoAllOrStopAtTheFirstError) {
    std::set<unsigned> done;
    std::uint64_t requests = 0;
    auto const all = for_each_of(test_context(), ports_, 50, 4, requests,
                                 [&](Google& google, unsigned index) -> Result<void> {
                                     TRY(google.get("h/x"));
                                     std::lock_guard const lock(mutex_);
                                     done.insert(index);
                                     return {};
                                 });
    EXPECT_TRUE(all.ok());
    EXPECT_EQ(done.size(), 50u);
    EXPECT_EQ(requests, 50u);
    std::atomic<unsigned> calls = 0;
    auto const failed = for_each_of(test_context(), ports_, 1'000'000, 4, requests,
                                    [&](Google&, unsigned index) -> Result<void> {
                                        ++calls;
                                        if (index == 9) return Error(ErrorCode::Internal, "nine");
                                        return {};
                                    });
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().message(), "nine");
    EXPECT_LT(calls, 1'000'000u);
}

}  // namespace
}  // namespace aipress::poc
