// The sandbox under clients that are many, slow, huge or hostile: each gets its error in Google's
// words, memory stays bounded, and all others are served meanwhile.
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <memory>
#include <set>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/test_context.h"
#include "testing/wire.h"

namespace aipress {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::process_number;
using ::testing::StartsWith;
using testing::test_context;
using testing::Wire;

constexpr std::size_t kMegabyte = 1u << 20;
constexpr std::size_t kKilobytesOfMegabyte = 1u << 10;
std::string const kSecrets = "/v1/projects/sandbox-project/secrets";

// So many files may be open in this process, until the end of its life.
class OpenFiles {
public:
    explicit OpenFiles(rlim_t wanted) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit const raised{std::max(before_.rlim_cur, std::min(wanted, before_.rlim_max)),
                            before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &raised);
        most_ = raised.rlim_cur;
    }
    ~OpenFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    OpenFiles(OpenFiles const&) = delete;
    OpenFiles& operator=(OpenFiles const&) = delete;
    [[nodiscard]] rlim_t most() const { return most_; }

private:
    rlimit before_{};
    rlim_t most_ = 0;
};

class SandboxScaleTest : public ::testing::Test {
protected:
    HttpAnswer send(std::string verb, std::string const& path, std::string body = "") {
        return client_.send({.verb = std::move(verb),
                             .url = sandbox_.url() + path,
                             .body = std::move(body),
                             .headers = {{"Authorization", "Bearer ya29.test"},
                                         {"Content-Type", "application/json"}}});
    }
    HttpAnswer upload(std::string const& name, std::string bytes) {
        return send("POST", "/upload/storage/v1/b/scale-media/o?uploadType=media&name=" + name,
                    std::move(bytes));
    }
    void make_bucket() {
        auto const made =
            send("POST", "/storage/v1/b?project=sandbox-project", R"({"name": "scale-media"})");
        ASSERT_EQ(made.status, 200) << made.text;
    }
    // Reads and writes, metadata and bytes.
    void expect_unharmed(std::string const& when) {
        auto const name = fmt::format("unharmed-{}", ++count_);
        EXPECT_EQ(upload(name, "bytes").status, 200) << when;
        EXPECT_EQ(send("GET", "/storage/v1/b/scale-media/o/" + name + "?alt=media").text, "bytes")
            << when;
        auto const made =
            send("POST", kSecrets + "?secretId=" + name, R"({"replication": {"automatic": {}}})");
        EXPECT_EQ(made.status, 200) << when << ": " << made.text << made.error;
        EXPECT_EQ(send("GET", kSecrets + "?pageSize=1").status, 200) << when;
    }
    [[nodiscard]] std::size_t memory(std::string_view field = "VmRSS:") const {
        return process_number(sandbox_.pid(), field);
    }
    static std::string head(std::string_view verb, std::string_view path, std::string_view more) {
        return fmt::format(
            "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ya29.test\r\n"
            "Content-Type: application/json\r\n{}\r\n\r\n",
            verb, path, more);
    }

    testing::SandboxProcess sandbox_;
    testing::HttpClient client_;
    unsigned count_ = 0;
};

TEST_F(SandboxScaleTest, TenThousandIdleConnections) {
    constexpr std::size_t kConnections = 10'000;
    OpenFiles const files(kConnections + 500);
    if (files.most() < kConnections + 500) {
        GTEST_SKIP() << "a process may have only " << files.most() << " open files here";
    }
    make_bucket();
    expect_unharmed("at first");
    auto const before = memory();
    auto const threads = process_number(sandbox_.pid(), "Threads:");
    std::vector<std::unique_ptr<Wire>> wires;
    for (std::size_t i = 0; i < kConnections; ++i) {
        wires.push_back(std::make_unique<Wire>(sandbox_.port()));
        ASSERT_TRUE(wires.back()->connected()) << i;
        // Every tenth has asked something before it fell silent.
        if (i % 10 != 0) continue;
        wires.back()->say(head("GET", kSecrets + "?pageSize=1", ""));
        ASSERT_THAT(wires.back()->hear_response(), StartsWith("HTTP/1.1 200")) << i;
    }
    expect_unharmed("beside ten thousand");
    EXPECT_LT(memory(), before + 200 * kKilobytesOfMegabyte);
    EXPECT_LE(process_number(sandbox_.pid(), "Threads:"), threads + 40);
    wires.clear();
    expect_unharmed("when they are gone");
    EXPECT_EQ(sandbox_.stop(), 0);
}

// With a length it is refused before it is read, without one as soon as it is too long.
TEST_F(SandboxScaleTest, AHundredMegabytesForAMetadataMethodAreRefused) {
    make_bucket();
    expect_unharmed("at first");
    auto const before = memory();
    std::string const piece(kMegabyte, ' ');
    for (bool const is_chunked : {false, true}) {
        Wire wire(sandbox_.port());
        wire.say(head("POST", kSecrets + "?secretId=huge",
                      is_chunked ? "Transfer-Encoding: chunked" : "Content-Length: 104857600"));
        std::jthread const writer([&] {
            for (int i = 0; i < 100; ++i) {
                if (is_chunked && !wire.say(fmt::format("{:x}\r\n", piece.size()))) return;
                if (!wire.say(piece) || (is_chunked && !wire.say("\r\n"))) return;
            }
        });
        auto const answer = wire.hear_response();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << is_chunked;
        EXPECT_THAT(answer, HasSubstr("\"status\": \"INVALID_ARGUMENT\"")) << is_chunked;
        EXPECT_THAT(answer, HasSubstr("payload size exceeds the limit")) << is_chunked;
        expect_unharmed("meanwhile");
    }
    EXPECT_LT(memory("VmHWM:"), before + 64 * kKilobytesOfMegabyte);
    EXPECT_EQ(send("GET", kSecrets + "/huge").status, 404);
}

// As many as there are workers, and as many again: of metadata, and of an object.
TEST_F(SandboxScaleTest, SlowBodiesHoldNobodyUp) {
    make_bucket();
    std::vector<std::unique_ptr<Wire>> slow;
    for (int i = 0; i < 100; ++i) {
        slow.push_back(std::make_unique<Wire>(sandbox_.port()));
        auto const path =
            i % 2 == 0
                ? kSecrets + fmt::format("?secretId=slow{}", i)
                : fmt::format("/upload/storage/v1/b/scale-media/o?uploadType=media&name=slow{}", i);
        slow.back()->say(head("POST", path, "Content-Length: 36") + R"({"replication": )");
        if (i % 10 == 9) expect_unharmed(fmt::format("beside {} slow ones", i + 1));
    }
    for (auto const& wire : slow) {
        wire->say(R"({"automatic": {}}})");
        wire->say("  ");
        EXPECT_THAT(wire->hear_response(), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_EQ(send("GET", kSecrets + "/slow98").status, 200);
    EXPECT_EQ(send("GET", "/storage/v1/b/scale-media/o/slow99").status, 200);
}

TEST_F(SandboxScaleTest, ItGoesOnWhenItMayOpenNoMoreFiles) {
    make_bucket();
    expect_unharmed("at first");
    std::size_t open = 0;
    for (auto const& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", sandbox_.pid()))) {
        open += entry.exists() ? 1 : 0;
    }
    rlimit before{};
    rlimit const low{open + 5, 100'000};
    ASSERT_EQ(::prlimit(sandbox_.pid(), RLIMIT_NOFILE, nullptr, &before), 0);
    rlimit const lowered{low.rlim_cur, before.rlim_max};
    ASSERT_EQ(::prlimit(sandbox_.pid(), RLIMIT_NOFILE, &lowered, nullptr), 0);
    std::vector<std::unique_ptr<Wire>> wires;
    for (int i = 0; i < 50; ++i) wires.push_back(std::make_unique<Wire>(sandbox_.port()));
    // The connection that is there is served; what wants another file is told so, in Google's
    // shape.
    EXPECT_EQ(send("GET", kSecrets + "?pageSize=1").status, 200);
    auto const refused = upload("too-many", "bytes");
    EXPECT_THAT(refused.status, AnyOf(500, 503)) << refused.text;
    EXPECT_EQ(refused.body.at("error").at("code"), refused.status);
    wires.clear();
    auto const context = test_context();
    while (upload("again", "bytes").status != 200) ASSERT_TRUE(context.sleep(milliseconds(10)));
    testing::HttpClient another;
    EXPECT_EQ(another
                  .send({.url = sandbox_.url() + "/storage/v1/b/scale-media/o/again",
                         .headers = {{"Authorization", "Bearer ya29.test"}}})
                  .status,
              200);
    EXPECT_EQ(send("GET", "/storage/v1/b/scale-media/o/too-many").status, 404);
    ASSERT_EQ(::prlimit(sandbox_.pid(), RLIMIT_NOFILE, &before, nullptr), 0);
    expect_unharmed("with its files back");
}

// Nothing that a client names becomes a path: neither above the data, nor anywhere in it.
TEST_F(SandboxScaleTest, NoNameLeadsOutOfTheData) {
    make_bucket();
    auto const parent = sandbox_.data().parent_path();
    auto const beside = [&] {
        std::set<std::string> names;
        for (auto const& entry : fs::directory_iterator(parent)) {
            names.insert(entry.path().filename().string());
        }
        return names;
    };
    auto const before = beside();
    for (auto const* const name :
         {"..%2F..%2F..%2Foutside", "%2Foutside", "a%2F..%2F..%2F..%2Foutside", "..%5Coutside",
          "..%252Foutside", "dir%2F.%2F..%2F..%2Foutside"}) {
        EXPECT_EQ(upload(name, name).status, 200) << name;
        EXPECT_EQ(send("GET", fmt::format("/storage/v1/b/scale-media/o/{}?alt=media", name)).text,
                  name);
    }
    for (auto const* const name : {"%2E%2E", ".", "a%0Ab", "a%0Db", "%0A", ""}) {
        auto const refused = upload(name, "x");
        EXPECT_EQ(refused.status, 400) << name;
        EXPECT_EQ(refused.body.at("error").at("code"), 400) << refused.text;
    }
    for (auto const* const bucket : {"..", "%2E%2E", "..%2F..", "a%00b", "%2Fetc"}) {
        auto const path = fmt::format("/storage/v1/b/{}/o?uploadType=media&name=x", bucket);
        auto const answer = send("POST", "/upload" + path, "x");
        EXPECT_THAT(answer.status, AnyOf(400, 404)) << bucket << answer.text;
        EXPECT_EQ(
            send("GET", fmt::format("/v1/projects/sandbox-project/secrets/{}", bucket)).status /
                100,
            4)
            << bucket;
    }
    Wire wire(sandbox_.port());
    wire.say(head("GET", "/storage/v1/b/scale-media/o/../../../../../etc/passwd?alt=media", ""));
    EXPECT_THAT(wire.hear_response(), StartsWith("HTTP/1.1 404"));
    EXPECT_EQ(beside(), before);
    for (auto const& entry : fs::recursive_directory_iterator(sandbox_.data())) {
        EXPECT_THAT(entry.path().filename().string(), ::testing::Not(HasSubstr("outside")));
    }
}

}  // namespace
}  // namespace aipress
