// The server against curl, and against raw sockets for what curl is too polite to send.
#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <thread>

#include "base/file_descriptor.h"
#include "base/subprocess.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"
#include "testing/wire.h"

namespace aipress::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::must;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TemporaryDirectory;
using testing::test_context;
using testing::Wire;

constexpr std::size_t kMegabyte = 1u << 20;

BodySource letters(std::uint64_t bytes) {
    auto left = std::make_shared<std::uint64_t>(bytes);
    return {.read = [left](std::span<char> buffer) -> Result<std::size_t> {
                auto const count =
                    static_cast<std::size_t>(std::min<std::uint64_t>(*left, buffer.size()));
                std::fill_n(buffer.begin(), count, 'x');
                *left -= count;
                return count;
            },
            .length = bytes};
}

class ServerTest : public ::testing::Test {
protected:
    void start(ServerOptions options = {}) {
        authority_.emplace(must(CertificateAuthority::open(folder_.path())));
        server_.emplace(must(Server::start(
            std::move(options), &*authority_,
            [this](Request const& request, BodyReader& body) { return handle(request, body); })));
    }
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", port()); }

    // What curl prints: the body. Its error as text when it fails.
    std::string curl(std::vector<std::string> arguments) {
        ProcessOptions process;
        process.arguments = {"curl",         "--silent", "--show-error",
                             "--max-time",   "60",       "--noproxy",
                             "no.such.host", "--cacert", (folder_.path() / "ca.pem").string()};
        process.arguments.insert(process.arguments.end(), arguments.begin(), arguments.end());
        auto const result = must(run_process(test_context(), process));
        return result.status.success() ? result.standard_output : result.standard_error;
    }

    Response handle(Request const& request, BodyReader& body) {
        Response response;
        auto const number = [&](std::string_view name) {
            return std::stoull(std::string(request.parameter(name).value_or("0")));
        };
        if (request.path == "/count") {
            std::string piece(64u << 10, '\0');
            std::uint64_t total = 0;
            while (true) {
                auto const count = body.read(std::span(piece.data(), piece.size()));
                if (!count.ok()) {
                    read_before_error_ = total;
                    last_error_ = count.error().code();
                    return response;
                }
                if (count.value() == 0) break;
                total += count.value();
            }
            response.body = fmt::format("{}", total);
        } else if (request.path == "/letters") {
            auto source = letters(number("bytes"));
            if (request.parameter("chunked")) source.length.reset();
            response.body = std::move(source);
        } else if (request.path == "/file") {
            response.body = FileRange{file_, number("from"), number("bytes")};
        } else if (request.path == "/cut") {
            response.body = std::string(1000, 'x');
            response.cut.emplace();
            if (request.parameter("after")) response.cut->after_body_bytes = number("after");
        } else if (request.path == "/wait") {
            waiting_ = true;
            while (!go_on_) test_context().sleep(milliseconds(1));
            response.body = "waited";
        } else if (request.path == "/nothing") {
            response.status = 204;
        } else if (request.path == "/ignore") {
            response.body = "ignored";
        } else {
            auto const text = must(body.read_all(kMegabyte));
            response.body = fmt::format("{} {} {} {} {}", request.method, request.scheme,
                                        request.host, request.path, text);
        }
        return response;
    }

    TemporaryDirectory folder_ = must(TemporaryDirectory::make());
    std::shared_ptr<FileDescriptor const> file_;
    std::optional<CertificateAuthority> authority_;
    std::optional<Server> server_;
    std::atomic<bool> waiting_ = false;
    std::atomic<bool> go_on_ = false;
    std::atomic<std::uint64_t> read_before_error_ = 0;
    std::atomic<ErrorCode> last_error_ = ErrorCode::Unknown;
};

TEST_F(ServerTest, ClientsThatComeBetweenTwoServersWaitForTheNext) {
    start();
    auto const first_port = port();
    auto const socket = must(server_->listening_socket());
    server_->stop(milliseconds(0));
    Wire early(first_port);
    EXPECT_TRUE(early.connected());
    EXPECT_TRUE(early.say("GET /early HTTP/1.1\r\nHost: h\r\n\r\n"));
    start({.listening_socket = socket.get()});
    EXPECT_EQ(port(), first_port);
    EXPECT_THAT(early.hear_response(), EndsWith("GET http h /early "));
    EXPECT_EQ(curl({url() + "/late"}), "GET http 127.0.0.1 /late ");
}

TEST_F(ServerTest, EveryWayInLeadsToTheSameHandler) {
    start();
    auto const proxy = url();
    EXPECT_EQ(curl({url() + "/a%2Fb?q", "--data", "body"}), "POST http 127.0.0.1 /a%2Fb body");
    EXPECT_EQ(curl({"--proxy", proxy, "http://Run.googleapis.com/v2"}),
              "GET http run.googleapis.com /v2 ");
    EXPECT_EQ(curl({"--proxy", proxy, "--proxytunnel", "http://run.googleapis.com/v2"}),
              "GET http run.googleapis.com /v2 ");
    EXPECT_EQ(curl({"--proxy", proxy, "https://sqladmin.googleapis.com/v1"}),
              "GET https sqladmin.googleapis.com /v1 ");
    auto const here = fmt::format("storage.googleapis.com:{0}:127.0.0.1:{0}", port());
    EXPECT_EQ(
        curl({"--connect-to", here, fmt::format("https://storage.googleapis.com:{}/b", port())}),
        "GET https storage.googleapis.com /b ");
    EXPECT_EQ(curl({fmt::format("https://127.0.0.1:{}/b", port())}), "GET https 127.0.0.1 /b ");
    EXPECT_THAT(curl({"--cacert", "/dev/null", fmt::format("https://127.0.0.1:{}/b", port())}),
                HasSubstr("certificate"));
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
    start();
    Wire wire(port());
    wire.say(
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
        "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
        "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nth\r\n3\r\nree\r\n0\r\n\r\n"
        "HEAD /4 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(wire.hear_response(), EndsWith("\r\n\r\nPOST http h /1 one"));
    EXPECT_THAT(wire.hear_response(), EndsWith("\r\n\r\nGET http h /2 "));
    EXPECT_THAT(wire.hear_response(), EndsWith("\r\n\r\nPOST http h /3 three"));
    EXPECT_THAT(wire.hear_all(), EndsWith("Content-Length: 15\r\nConnection: close\r\n\r\n"));
}

TEST_F(ServerTest, BodiesOfAnySizePassInLittleMemory) {
    constexpr std::size_t kSize = 256 * kMegabyte;
    start();
    auto const before = testing::process_number(::getpid(), "VmRSS:");
    Wire upload(port());
    upload.say(fmt::format("PUT /count HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", kSize));
    std::string const piece(kMegabyte, 'x');
    for (std::size_t i = 0; i < kSize; i += piece.size()) ASSERT_TRUE(upload.say(piece));
    EXPECT_THAT(upload.hear_response(), EndsWith(fmt::format("\r\n\r\n{}", kSize)));
    for (auto const* chunked : {"", "&chunked"}) {
        auto const size = curl({"--output", "/dev/null", "--write-out", "%{size_download}",
                                fmt::format("{}/letters?bytes={}{}", url(), kSize, chunked)});
        EXPECT_EQ(size, fmt::format("{}", kSize));
    }
    // An address sanitizer keeps what is freed for a while.
#ifndef __SANITIZE_ADDRESS__
    EXPECT_LT(testing::process_number(::getpid(), "VmHWM:"), before + (32u << 10));  // kB
#else
    (void)before;
#endif
}

TEST_F(ServerTest, AFileIsSentInPart) {
    start();
    auto const path = folder_.path() / "file";
    std::ofstream(path) << "0123456789";
    file_ = std::make_shared<FileDescriptor const>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::filesystem::remove(path);  // its bytes stay while it is open
    EXPECT_EQ(curl({url() + "/file?from=3&bytes=4"}), "3456");
    EXPECT_THAT(curl({url() + "/file?from=8&bytes=4"}),
                HasSubstr("curl: ("));  // it has 2 of 4 bytes
    EXPECT_EQ(curl({"--head", "--output", "/dev/null", "--write-out", "%header{content-length}",
                    url() + "/file?from=3&bytes=4"}),
              "4");
}

TEST_F(ServerTest, ContinueIsSaidWhenTheBodyIsWanted) {
    start();
    Wire wanted(port());
    wanted.say("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(wanted.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    wanted.say("body");
    EXPECT_THAT(wanted.hear_response(), EndsWith("POST http h /x body"));
    Wire unwanted(port());
    unwanted.say(
        "POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_THAT(unwanted.hear_all(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, ABodyThatNobodyReadIsOutOfTheWay) {
    start();
    Wire wire(port());
    wire.say("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" +
             std::string(100'000, 'G') + "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(wire.hear_response(), EndsWith("ignored"));
    auto const nothing = wire.hear_until("\r\n\r\n");
    EXPECT_THAT(nothing, StartsWith("HTTP/1.1 204 No Content\r\n"));
    EXPECT_THAT(nothing, Not(HasSubstr("Content-Length")));
    // More than it is worth: the connection ends, and the answer is there all the same.
    Wire large(port());
    large.say("POST /ignore HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    EXPECT_THAT(large.hear_response(), EndsWith("ignored"));
}

TEST_F(ServerTest, MalformedRequestsAreRefused) {
    start();
    struct Case {
        std::string sent;
        std::string status;
    };
    std::vector<Case> const cases{
        {"NONSENSE\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", "400"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         "400"},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(limits::kHeaderBytes, 'x') + "\r\n\r\n",
         "431"},
    };
    for (auto const& [sent, status] : cases) {
        SCOPED_TRACE(sent.substr(0, 60));
        Wire wire(port());
        wire.say(sent);
        EXPECT_THAT(wire.hear_all(), StartsWith("HTTP/1.1 " + status + " "));
    }
    Wire chunks(port());
    chunks.say("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    chunks.hear_until("\r\n\r\n");
    EXPECT_EQ(last_error_, ErrorCode::InvalidArgument);
    EXPECT_EQ(curl({url() + "/still"}), "GET http 127.0.0.1 /still ");
}

TEST_F(ServerTest, AResponseIsCutOnOrder) {
    start();
    Wire part(port());
    part.say("GET /cut?after=10 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(part.hear_all(), EndsWith("Content-Length: 1000\r\n\r\nxxxxxxxxxx"));
    Wire none(port());
    none.say("GET /cut HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(none.hear_all(), "");
}

TEST_F(ServerTest, AClientThatDribblesHoldsNobodyUp) {
    start({.workers = 1, .header_time = milliseconds(300)});
    Wire slow(port());
    slow.say("GET / HTTP/1.1\r\nHost: ");
    EXPECT_EQ(curl({url() + "/quick"}), "GET http 127.0.0.1 /quick ");
    EXPECT_EQ(slow.hear_all(), "");  // closed
}

TEST_F(ServerTest, ClientsThatDribbleTheirBodiesHoldNobodyUp) {
    start({.workers = 2});
    std::vector<std::unique_ptr<Wire>> slow;
    for (int i = 0; i < 20; ++i) {
        slow.push_back(std::make_unique<Wire>(port()));
        slow.back()->say("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
        EXPECT_EQ(curl({url() + "/quick"}), "GET http 127.0.0.1 /quick ") << i;
    }
    for (auto const& client : slow) {
        client->say("a body");
        EXPECT_THAT(client->hear_response(), EndsWith("10"));
    }
    server_->stop(milliseconds(60'000));
}

// What they are sent fills the kernel's buffers, and then waits.
TEST_F(ServerTest, ClientsThatTakeNoAnswerHoldNobodyUp) {
    start({.workers = 2});
    std::vector<std::unique_ptr<Wire>> slow;
    for (int i = 0; i < 5; ++i) {
        slow.push_back(std::make_unique<Wire>(port()));
        slow.back()->say("GET /letters?bytes=50000000 HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_EQ(curl({url() + "/quick"}), "GET http 127.0.0.1 /quick ") << i;
    }
}

TEST_F(ServerTest, AClientThatLeavesInMidBodyIsAnError) {
    start({.piece_time = milliseconds(300)});
    {
        Wire gone(port());
        gone.say("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    }
    auto const context = test_context();
    while (last_error_ == ErrorCode::Unknown) ASSERT_TRUE(context.sleep(milliseconds(1)));
    EXPECT_EQ(last_error_, ErrorCode::Unavailable);
    EXPECT_EQ(read_before_error_, 4u);
    Wire silent(port());
    silent.say("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    while (last_error_ == ErrorCode::Unavailable) ASSERT_TRUE(context.sleep(milliseconds(1)));
    EXPECT_EQ(last_error_, ErrorCode::DeadlineExceeded);
    EXPECT_EQ(read_before_error_, 4u);
}

TEST_F(ServerTest, AStopLetsTheRequestInFlightFinish) {
    start();
    Wire idle(port());
    Wire busy(port());
    busy.say("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    auto const context = test_context();
    while (!waiting_) ASSERT_TRUE(context.sleep(milliseconds(1)));
    std::jthread stopping([&] { server_->stop(milliseconds(60'000)); });
    EXPECT_EQ(idle.hear_all(), "");
    go_on_ = true;
    EXPECT_THAT(busy.hear_response(), EndsWith("waited"));
    stopping.join();
    EXPECT_FALSE(Wire(port()).connected());
}

// The client has its answer before the server's side of the connection is idle, and says no more.
// With a farewell to each, these would not be over within the suite's time limit.
TEST_F(ServerTest, StopRightBehindAnAnswerWaitsForNothing) {
    for (int i = 0; i < 50; ++i) {
        start();
        Wire client(port());
        client.say("GET /other HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_THAT(client.hear_response(), HasSubstr("/other"));
        server_->stop(milliseconds(60'000));
    }
}

// Both ends of each are in this process.
TEST_F(ServerTest, ThousandsOfIdleConnectionsCostNoThread) {
    constexpr std::size_t kWanted = 10'000;
    constexpr std::size_t kOtherFiles = 200;
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < kWanted) {
        GTEST_SKIP() << "a process may have only " << files.rlim_max << " open files here";
    }
    auto const connections = std::min<std::size_t>(kWanted, (files.rlim_max - kOtherFiles) / 2);
    rlimit const raised{files.rlim_max, files.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &raised), 0);
    start();
    EXPECT_EQ(curl({url() + "/first"}), "GET http 127.0.0.1 /first ");
    auto const threads = testing::process_number(::getpid(), "Threads:");
    auto const memory = testing::process_number(::getpid(), "VmRSS:");
    std::vector<std::unique_ptr<Wire>> wires;
    for (std::size_t i = 0; i < connections; ++i) {
        wires.push_back(std::make_unique<Wire>(port()));
        ASSERT_TRUE(wires.back()->connected()) << i;
    }
    auto const context = test_context();
    while (server_->connections() < connections) ASSERT_TRUE(context.sleep(milliseconds(1)));
    EXPECT_EQ(testing::process_number(::getpid(), "Threads:"), threads);
    EXPECT_LT(testing::process_number(::getpid(), "VmRSS:"), memory + (200u << 10));
    EXPECT_EQ(curl({url() + "/other"}), "GET http 127.0.0.1 /other ");
    wires.clear();
    server_->stop(milliseconds(60'000));
    setrlimit(RLIMIT_NOFILE, &files);
}

TEST(ServerStartTest, ATakenPortIsSaid) {
    auto const handler = [](Request const&, BodyReader&) { return Response(); };
    auto const first = must(Server::start({}, nullptr, handler));
    auto const second = Server::start({.port = first.port()}, nullptr, handler);
    EXPECT_THAT(second, testing::HasError(ErrorCode::FailedPrecondition,
                                          HasSubstr("Address already in use")));
}

}  // namespace
}  // namespace aipress::http
