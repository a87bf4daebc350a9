#include "mover/control.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::mover {
namespace {

namespace fs = std::filesystem;
using boost::json::object;

class ControlTest : public ::testing::Test {
protected:
    [[nodiscard]] Context context(milliseconds timeout = milliseconds(20'000),
                                  std::stop_token stop = {}) {
        return {clock_, Deadline::after(clock_, timeout), std::move(stop)};
    }
    Result<object> call(object const& request) {
        return control_call(context(), path_.string(), request);
    }

    SystemClock clock_;
    testing::TemporaryDirectory folder_ = testing::must(testing::TemporaryDirectory::make());
    fs::path path_ = folder_ / "move.journal.sock";
};

Result<object> echo(object const& request, std::stop_token) {
    return object{{"report", request}};
}

Result<object> wait_for_stop(object const&, std::stop_token stop) {
    std::promise<void> stopped;
    std::stop_callback const on_stop(stop, [&] { stopped.set_value(); });
    stopped.get_future().wait();
    return Error(ErrorCode::Cancelled, "going down");
}

TEST_F(ControlTest, AnswersAndErrorsCross) {
    auto const server = ControlServer::start(path_.string(), [](object const& request, auto stop) {
        if (request.at("verb") == "switch") {
            return Result<object>(Error(ErrorCode::FailedPrecondition, "not verified\nyet"));
        }
        return echo(request, stop);
    });
    ASSERT_TRUE(server.ok()) << server.error().message();
    auto const answer = call({{"verb", "status"}});
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->at("ok"), true);
    EXPECT_EQ(answer->at("report").at("verb"), "status");
    auto const refused = call({{"verb", "switch"}});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::FailedPrecondition);
    EXPECT_EQ(refused.error().message(), "not verified\nyet");
}

TEST_F(ControlTest, OnlyTheOwnerMayConnectAndNothingElseIsLeft) {
    {
        auto const server = ControlServer::start(path_.string(), echo);
        ASSERT_TRUE(server.ok());
        struct stat status{};
        ASSERT_EQ(::stat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
        EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
    }
    EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(ControlTest, NobodyThereIsNotFound) {
    for (auto const& place : {path_, folder_ / "no-folder/x.sock"}) {
        auto const answer = control_call(context(), place.string(), {{"verb", "status"}});
        ASSERT_FALSE(answer.ok());
        EXPECT_EQ(answer.error().code(), ErrorCode::NotFound) << answer.error().message();
    }
}

TEST_F(ControlTest, SocketOfAKilledProcessIsNotFoundAndReplaced) {
    int const dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(dead);
    EXPECT_EQ(call({{"verb", "status"}}).error().code(), ErrorCode::NotFound);
    auto const server = ControlServer::start(path_.string(), echo);
    ASSERT_TRUE(server.ok()) << server.error().message();
    EXPECT_TRUE(call({{"verb", "status"}}).ok());
}

TEST_F(ControlTest, PathsLongerThanASocketAddress) {
    auto deep = folder_.path();
    for (int i = 0; i < 4; ++i) deep /= std::string(100, 'd');
    fs::create_directories(deep);
    path_ = deep / (std::string(240, 'n') + ".sock");
    auto const server = ControlServer::start(path_.string(), echo);
    ASSERT_TRUE(server.ok()) << server.error().message();
    auto const answer = call({{"verb", "status"}});
    EXPECT_TRUE(answer.ok()) << answer.error().message();
}

TEST_F(ControlTest, AMissingFolderIsAnError) {
    auto const server = ControlServer::start((folder_ / "none" / "x.sock").string(), echo);
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(server.error().code(), ErrorCode::Unavailable);
}

// `status` has to be answered while `switch` is still at work.
TEST_F(ControlTest, ABlockedClientDoesNotBlockAnother) {
    std::promise<void> entered;
    std::promise<void> release;
    auto const server = ControlServer::start(path_.string(), [&](object const& request, auto stop) {
        if (request.at("verb") == "switch") {
            entered.set_value();
            release.get_future().wait();
        }
        return echo(request, stop);
    });
    ASSERT_TRUE(server.ok());
    auto blocked = std::async(std::launch::async, [&] { return call({{"verb", "switch"}}); });
    entered.get_future().wait();
    EXPECT_TRUE(call({{"verb", "status"}}).ok());
    release.set_value();
    EXPECT_TRUE(blocked.get().ok());
}

TEST_F(ControlTest, ShutdownCallsOffTheHandlerAndItsAnswerArrives) {
    std::promise<void> entered;
    auto server = ControlServer::start(path_.string(), [&](object const& request, auto stop) {
        entered.set_value();
        return wait_for_stop(request, stop);
    });
    ASSERT_TRUE(server.ok());
    auto blocked = std::async(std::launch::async, [&] { return call({{"verb", "switch"}}); });
    entered.get_future().wait();
    {
        auto const gone = server.release();
    }
    auto const answer = blocked.get();
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code(), ErrorCode::Cancelled);
    EXPECT_EQ(answer.error().message(), "going down");
}

TEST_F(ControlTest, ACallEndsAtItsDeadlineAndOnStop) {
    auto const server = ControlServer::start(path_.string(), wait_for_stop);
    ASSERT_TRUE(server.ok());
    auto const late = control_call(context(milliseconds(50)), path_.string(), {{"verb", "switch"}});
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code(), ErrorCode::DeadlineExceeded);

    std::stop_source stop;
    auto called = std::async(std::launch::async, [&] {
        return control_call(context(milliseconds(20'000), stop.get_token()), path_.string(),
                            {{"verb", "switch"}});
    });
    stop.request_stop();
    auto const stopped = called.get();
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code(), ErrorCode::Cancelled);
}

TEST_F(ControlTest, BrokenRequestsGetAnErrorAndTheServerLives) {
    auto const server = ControlServer::start(path_.string(), echo);
    ASSERT_TRUE(server.ok());
    int const client = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    std::string const sent = "not json\n[1]\n{\"verb\":\"status\"}\n";
    ASSERT_EQ(::send(client, sent.data(), sent.size(), 0), static_cast<ssize_t>(sent.size()));
    std::string received;
    char buffer[512];
    while (std::count(received.begin(), received.end(), '\n') < 3) {
        auto const length = ::recv(client, buffer, sizeof buffer, 0);
        ASSERT_GT(length, 0);
        received.append(buffer, static_cast<std::size_t>(length));
    }
    ::close(client);
    EXPECT_NE(received.find("\"code\":\"INVALID_ARGUMENT\""), std::string::npos) << received;
    EXPECT_NE(received.find("\"ok\":true"), std::string::npos) << received;
    EXPECT_TRUE(call({{"verb", "status"}}).ok());
}

TEST_F(ControlTest, AClientThatNeverEndsItsLineIsHungUpOn) {
    auto const server = ControlServer::start(path_.string(), echo);
    ASSERT_TRUE(server.ok());
    auto const answer = call({{"verb", std::string(200'000, 'x')}});
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code(), ErrorCode::Unavailable);
    EXPECT_TRUE(call({{"verb", "status"}}).ok());
}

TEST_F(ControlTest, ManyClientsAtOnce) {
    auto const server = ControlServer::start(path_.string(), echo);
    ASSERT_TRUE(server.ok());
    std::atomic<int> answered = 0;
    {
        std::vector<std::jthread> clients;
        for (int i = 0; i < 8; ++i) {
            clients.emplace_back([&] {
                for (int k = 0; k < 50; ++k) answered += call({{"verb", "status"}}).ok() ? 1 : 0;
            });
        }
    }
    EXPECT_EQ(answered, 400);
}

}  // namespace
}  // namespace aipress::mover
