#include "http/client.h"

#include <atomic>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <thread>

#include "http/server.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::http {
namespace {

using testing::must;
using testing::test_context;

class HttpClientTest : public ::testing::Test {
protected:
    // Answers with what it was asked.
    Response answer(Request const& request, BodyReader& body) {
        Response response;
        if (request.path == "/moved") {
            response.status = 302;
            response.headers.add("Location", "/elsewhere");
        } else if (request.path == "/cut") {
            response.body = std::string("half a body");
            response.cut = Response::Cut{.after_body_bytes = 4};
        } else if (request.path == "/lost") {
            ++lost_;
            response.cut = Response::Cut{.after_body_bytes = std::nullopt};
        } else if (request.path == "/slow") {
            asked_slowly_ = true;
            (void)test_context().stopped_by(slow_.get_token()).sleep(milliseconds(60'000));
        } else {
            response.headers.add("X-Header",
                                 std::string(request.headers.find("X-Sent").value_or("")));
            response.body = fmt::format("{} {}", request.method, body.read_all(1u << 20).release());
        }
        return response;
    }
    std::string url(std::string const& path) const {
        return fmt::format("http://127.0.0.1:{}{}", server_.port(), path);
    }

    std::stop_source slow_;
    std::atomic<bool> asked_slowly_ = false;
    std::atomic<int> lost_ = 0;
    Server server_ =
        must(Server::start({}, nullptr, [this](Request const& request, BodyReader& body) {
            return answer(request, body);
        }));
    Client client_;
};

TEST_F(HttpClientTest, WhatIsSentArrivesAndItsAnswerToo) {
    auto const answer = must(client_.send(test_context(), {.method = "POST",
                                                           .url = url("/echo"),
                                                           .headers = {{"X-Sent", "a, b"}},
                                                           .body = std::string("x\0y", 3)}));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, std::string("POST x\0y", 8));
    EXPECT_EQ(answer.headers.find("x-header"), "a, b");
}

TEST_F(HttpClientTest, TheConnectionIsKept) {
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(must(client_.send(test_context(), {.url = url("/")})).status, 200);
    }
    EXPECT_EQ(server_.connections(), 1u);
}

TEST_F(HttpClientTest, ARedirectIsAnAnswer) {
    auto const answer = must(client_.send(test_context(), {.url = url("/moved")}));
    EXPECT_EQ(answer.status, 302);
    EXPECT_EQ(answer.headers.find("Location"), "/elsewhere");
}

TEST_F(HttpClientTest, WhatBreaksIsSaid) {
    auto const cut = client_.send(test_context(), {.url = url("/cut")});
    ASSERT_FALSE(cut.ok());
    EXPECT_EQ(cut.error().code(), ErrorCode::Unavailable);
    auto const port = server_.port();
    server_.stop(milliseconds(0));
    auto const refused =
        client_.send(test_context(), {.url = fmt::format("http://127.0.0.1:{}/", port)});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::Unavailable);
    EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("GET http://127.0.0.1"));
    EXPECT_FALSE(client_.was_sent());
}

// libcurl takes a kept connection that gives no answer for one that was closed meanwhile.
TEST_F(HttpClientTest, ARequestOnAKeptConnectionIsSentOnceWhereThatIsAskedFor) {
    EXPECT_EQ(must(client_.send(test_context(), {.url = url("/")})).status, 200);
    auto const lost = client_.send(test_context(), {.method = "POST",
                                                    .url = url("/lost"),
                                                    .body = "x",
                                                    .sending = ClientRequest::Sending::Once});
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().code(), ErrorCode::Unavailable);
    EXPECT_TRUE(client_.was_sent());
    EXPECT_EQ(lost_, 1);
    EXPECT_EQ(must(client_.send(test_context(), {.url = url("/")})).status, 200);
    EXPECT_FALSE(client_.send(test_context(), {.method = "POST", .url = url("/lost")}).ok());
    EXPECT_EQ(lost_, 3);
}

TEST_F(HttpClientTest, ADeadlineAndAStopEndTheWait) {
    auto const late = client_.send(test_context().within(milliseconds(50)), {.url = url("/slow")});
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code(), ErrorCode::DeadlineExceeded);
    asked_slowly_ = false;
    std::stop_source stop;
    std::jthread const stopper([&] {
        auto const context = test_context();
        while (!asked_slowly_ && context.sleep(milliseconds(1))) {
        }
        stop.request_stop();
    });
    auto const stopped =
        client_.send(test_context().stopped_by(stop.get_token()), {.url = url("/slow")});
    slow_.request_stop();
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code(), ErrorCode::Cancelled);
}

TEST(HttpEncodingTest, OnlyUnreservedCharactersStand) {
    EXPECT_EQ(percent_encoded("a/b c~é%"), "a%2Fb%20c~%C3%A9%25");
    EXPECT_EQ(form_text({{"a b", "1&2"}, {"c", ""}}), "a%20b=1%262&c=");
}

}  // namespace
}  // namespace aipress::http
