#include "sandbox/batch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::SandboxHost;

class BatchTest : public ::testing::Test {
protected:
    HttpAnswer send(std::string const& body, std::string const& type) {
        return host_.call("POST", "/batch/compute/v1", body, {{"Content-Type", type}});
    }
    // As gcloud writes it: line feeds alone, the boundary in quotes.
    static std::string part(int number, std::string const& request, std::string const& content) {
        return fmt::format(
            "--===1==\nContent-Type: application/http\nMIME-Version: 1.0\n"
            "Content-ID: <some+{}>\n\n{} HTTP/1.1\nContent-Type: application/json\n\n{}\n",
            number, request, content);
    }

    SystemClock clock_;
    SandboxHost host_{clock_};
    std::string const networks_ = "/compute/v1/projects/sandbox-project/global/networks";
    std::string const type_ = "multipart/mixed; boundary=\"===1==\"";
};

TEST_F(BatchTest, EveryPartIsAnsweredForItself) {
    auto const answer =
        send(part(0, "POST " + networks_, R"({"name":"n","autoCreateSubnetworks":false})") +
                 part(1, "GET " + networks_ + "/n?alt=json", "") +
                 part(2, "GET " + networks_ + "/none", "") + part(3, "nonsense", "") +
                 part(4, "POST /batch/compute/v1", "") + "--===1==--\n",
             type_);
    ASSERT_EQ(answer.status, 200) << answer.text;
    EXPECT_THAT(answer.header("Content-Type"), HasSubstr("multipart/mixed; boundary="));
    EXPECT_THAT(answer.text, HasSubstr("Content-ID: <response-some+0>\r\n\r\nHTTP/1.1 200 OK"));
    EXPECT_THAT(answer.text, HasSubstr("Content-ID: <response-some+1>\r\n\r\nHTTP/1.1 200 OK"));
    EXPECT_THAT(answer.text, HasSubstr("Content-ID: <response-some+2>\r\n\r\nHTTP/1.1 404"));
    EXPECT_THAT(answer.text, HasSubstr("Content-ID: <response-some+3>\r\n\r\nHTTP/1.1 400"));
    EXPECT_THAT(answer.text, HasSubstr("Content-ID: <response-some+4>\r\n\r\nHTTP/1.1 400"));
    EXPECT_EQ(host_.get("//compute.googleapis.com" + networks_ + "/n").status, 200);
}

TEST_F(BatchTest, WhatIsNoBatchIsRefused) {
    EXPECT_EQ(send("x", "application/json").status, 400);
    EXPECT_EQ(send("x", type_).status, 400);
    EXPECT_EQ(send("--===1==", type_).status, 200);  // one part, with nothing in it
}

}  // namespace
}  // namespace aipress::sandbox
