// The sandbox is killed under load: what it acknowledged is there when it is back.
#include <atomic>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "http/base64.h"
#include "random_seed.h"
#include "testing/sandbox_host.h"
#include "testing/sandbox_process.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using testing::HttpAnswer;
using testing::HttpClient;
using testing::SandboxProcess;
using testing::test_context;

constexpr unsigned kWriters = 6;
constexpr unsigned kKills = 5;

HttpAnswer send(HttpClient& client, std::string verb, std::string url, std::string body = "") {
    return client.send({.verb = std::move(verb),
                        .url = std::move(url),
                        .body = std::move(body),
                        .headers = {{"Authorization", "Bearer ya29.test"}}});
}

// One client that writes objects over and over and adds versions of a secret.
class Writer {
public:
    Writer(std::string url, unsigned number) : url_(std::move(url)), number_(number) {}

    // Until the connection breaks.
    void write(std::mt19937_64& random) {
        HttpClient client;
        for (;;) {
            auto const name = fmt::format("w{}-{}", number_, random() % 20);
            auto const bytes =
                fmt::format("{} {}", ++written_, std::string(random() % 50'000, 'x'));
            auto const object = send(
                client, "POST",
                url_ + "/upload/storage/v1/b/load-media/o?uploadType=media&name=" + name, bytes);
            if (object.status != 200) {
                unsure_[name] = bytes;  // it may have been committed before the answer was lost
                return;
            }
            unsure_.erase(name);
            objects_[name] = bytes;
            auto const version =
                send(client, "POST", secret() + ":addVersion",
                     fmt::format(R"({{"payload": {{"data": "{}"}}}})",
                                 http::encode_base64(std::to_string(versions_ + 1))));
            if (version.status != 200) return;
            ++versions_;
        }
    }
    void check(std::string const& url) {
        url_ = url;
        HttpClient client;
        for (auto const& [name, bytes] : objects_) {
            auto const found =
                send(client, "GET", url_ + "/storage/v1/b/load-media/o/" + name + "?alt=media");
            ASSERT_EQ(found.status, 200) << name;
            auto const unsure = unsure_.find(name);
            bool const is_later = unsure != unsure_.end() && found.text == unsure->second;
            EXPECT_TRUE(found.text == bytes || is_later) << name << " " << found.text.substr(0, 20);
            if (is_later) objects_[name] = found.text;
        }
        unsure_.clear();
        auto const latest = send(client, "GET", secret() + "/versions?pageSize=1");
        ASSERT_EQ(latest.status, 200) << latest.text;
        auto const count = latest.body.at("totalSize").to_number<std::uint64_t>();
        EXPECT_GE(count, versions_);
        EXPECT_LE(count, versions_ + 1);
        versions_ = count;
    }
    void make_secret() {
        HttpClient client;
        auto const made =
            send(client, "POST",
                 fmt::format("{}/v1/projects/sandbox-project/secrets?secretId=s{}", url_, number_),
                 R"({"replication": {"automatic": {}}})");
        ASSERT_EQ(made.status, 200) << made.text;
    }
    [[nodiscard]] std::uint64_t acknowledged() const { return written_ + versions_; }

private:
    [[nodiscard]] std::string secret() const {
        return fmt::format("{}/v1/projects/sandbox-project/secrets/s{}", url_, number_);
    }

    std::string url_;
    unsigned number_;
    std::atomic<std::uint64_t> written_ = 0;
    std::atomic<std::uint64_t> versions_ = 0;
    std::map<std::string, std::string> objects_;
    std::map<std::string, std::string> unsure_;
};

TEST(SandboxCrashTest, NothingAcknowledgedIsMissingAfterKills) {
    auto const seed = functional::first_seed();
    SCOPED_TRACE(fmt::format("AIPRESS_TEST_SEED={}", seed));
    std::mt19937_64 random(seed);
    SandboxProcess sandbox;
    HttpClient client;
    auto const bucket =
        send(client, "POST", sandbox.url() + "/storage/v1/b?project=sandbox-project",
             R"({"name": "load-media"})");
    ASSERT_EQ(bucket.status, 200) << bucket.text;
    std::vector<std::unique_ptr<Writer>> writers;
    for (unsigned i = 0; i < kWriters; ++i) {
        writers.push_back(std::make_unique<Writer>(sandbox.url(), i));
        writers.back()->make_secret();
    }
    auto const acknowledged = [&] {
        std::uint64_t sum = 0;
        for (auto const& writer : writers) sum += writer->acknowledged();
        return sum;
    };
    for (unsigned kill = 0; kill < kKills; ++kill) {
        auto const until = acknowledged() + 20 + random() % 200;
        {
            std::vector<std::jthread> threads;
            for (auto& writer : writers) {
                threads.emplace_back(
                    [&writer, own = std::mt19937_64(random())]() mutable { writer->write(own); });
            }
            auto const context = test_context();
            while (acknowledged() < until) ASSERT_TRUE(context.sleep(milliseconds(1)));
            sandbox.kill();
        }
        sandbox.start();
        for (auto& writer : writers) writer->check(sandbox.url());
    }
    EXPECT_EQ(sandbox.stop(), 0);
}

TEST(SandboxCrashTest, SigtermLeavesNothingRunningAndNothingLost) {
    SandboxProcess sandbox;
    HttpClient client;
    auto const made = send(client, "POST", sandbox.url() + "/storage/v1/b?project=sandbox-project",
                           R"({"name": "kept-media"})");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(sandbox.stop(), 0);
    sandbox.start();
    EXPECT_EQ(send(client, "GET", sandbox.url() + "/storage/v1/b/kept-media").status, 200);
}

}  // namespace
}  // namespace aipress
