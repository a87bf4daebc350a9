// `aipress sandbox snapshot` as an operator types it, over real servers.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <optional>
#include <sstream>
#include <thread>

#include "mysql/connection.h"
#include "sandbox/dns/dns_query.h"
#include "sandbox/sql/server.h"
#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpClient;
using testing::must;
using testing::test_context;

std::string const kBucket = "/storage/v1/b/media/o";
std::string const kInstance = "/sql/v1beta4/projects/sandbox-project/instances";
std::string const kRun = "/v2/projects/sandbox-project/locations/us-central1/services";
std::string const kZones = "/dns/v1/projects/sandbox-project/managedZones";
std::string const kSecrets = "/v1/projects/sandbox-project/secrets";

class SandboxSnapshotTest : public ::testing::Test {
protected:
    testing::CommandResult run(std::vector<std::string> words,
                               testing::Environment const& environment = {}) {
        words.insert(words.begin(), {"sandbox"});
        words.insert(words.end(), {"--data", sandbox_.data().string()});
        return must(testing::run_aipress(test_context(), words, environment));
    }
    void expect_done(std::vector<std::string> const& words) {
        auto const result = run(words);
        EXPECT_EQ(result.status.code, 0) << result.describe();
    }
    // Its exit code is that, and what it says has both.
    void expect_failure(int code, std::vector<std::string> const& words, std::string const& cause,
                        std::string const& next) {
        auto const result = run(words);
        EXPECT_EQ(result.status.code, code) << result.describe();
        EXPECT_THAT(result.error, HasSubstr(cause));
        EXPECT_THAT(result.error, HasSubstr("next: aipress sandbox " + next));
    }
    void load(std::string const& name) {
        expect_done({"snapshot", "load", name, "--confirm", "data"});
    }

    HttpAnswer call(std::string const& verb, std::string const& path, std::string body = "",
                    testing::HttpHeaders headers = {}) {
        headers.emplace_back("Authorization", "Bearer ya29.test");
        return client_.send({.verb = verb,
                             .url = sandbox_.url() + path,
                             .body = std::move(body),
                             .headers = std::move(headers)});
    }
    HttpAnswer ok(std::string const& verb, std::string const& path, std::string body = "") {
        auto answer = call(verb, path, std::move(body));
        EXPECT_EQ(answer.status / 100, 2) << verb << " " << path << ": " << answer.text;
        return answer;
    }
    void put_object(std::string const& name, std::string const& bytes) {
        ok("POST", "/upload" + kBucket + "?uploadType=media&name=" + name, bytes);
    }
    void make_bucket() {
        ok("POST", "/storage/v1/b?project=sandbox-project", R"({"name": "media"})");
    }
    // Waits for an operation of Cloud SQL's.
    void finish(HttpAnswer const& begun) {
        auto const name = std::string(begun.body.at("name").as_string());
        auto const context = test_context();
        while (call("GET", "/sql/v1beta4/projects/sandbox-project/operations/" + name)
                   .body.at("status") != "DONE") {
            ASSERT_TRUE(context.sleep(milliseconds(10)));
        }
    }
    void make_instance(std::string const& name) {
        finish(ok("POST", kInstance,
                  fmt::format(R"({{"name": "{}", "databaseVersion": "MYSQL_8_0",
                        "rootPassword": "root-s3cret", "region": "us-central1",
                        "settings": {{"tier": "db-g1-small"}}}})",
                              name)));
    }
    Result<mysql::Connection> connect(std::string const& name) {
        mysql::Endpoint endpoint;
        endpoint.host = call("GET", kInstance + "/" + name)
                            .body.at_pointer("/ipAddresses/0/ipAddress")
                            .as_string();
        endpoint.user = "root";
        endpoint.password = "root-s3cret";
        return mysql::Connection::open(test_context(), endpoint);
    }
    void execute(std::string const& name, std::vector<std::string> const& statements) {
        auto connection = must(connect(name));
        for (auto const& sql : statements) must(connection.execute(test_context(), sql));
    }
    std::string scalar(std::string const& name, std::string const& sql) {
        auto connection = must(connect(name));
        return must(connection.query(test_context(), sql)).scalar().value_or("NULL");
    }
    // As what is answered names this server's port.
    std::string text_of(std::string const& path) {
        auto text = fmt::format("{} {}", path, call("GET", path).text);
        auto const port = fmt::format(":{}", sandbox_.port());
        for (auto at = text.find(port); at != text.npos; at = text.find(port, at)) {
            text.replace(at, port.size(), ":PORT");
        }
        return text;
    }

    testing::SandboxProcess sandbox_;
    HttpClient client_;
};

class SandboxSnapshotOfAllTest : public SandboxSnapshotTest {
protected:
    void SetUp() override {
        if (!sandbox::find_mariadbd().ok()) GTEST_SKIP() << "no mariadbd on this machine";
    }
    void make_everything() {
        make_bucket();
        put_object("a.txt", "first");
        auto const begun = ok("POST", "/upload" + kBucket + "?uploadType=resumable&name=big", "{}");
        upload_ = begun.header("Location");
        upload_ = upload_.substr(upload_.find("/upload"));
        EXPECT_EQ(send_chunk(0).status, 308);
        make_instance("db");
        execute("db", {"CREATE DATABASE wp", "CREATE TABLE wp.posts (id INT PRIMARY KEY, t TEXT)",
                       "INSERT INTO wp.posts VALUES (1, 'one'), (2, 'two')"});
        ok("POST", kZones,
           R"({"name": "z", "dnsName": "snap.test.", "description": "", "visibility": "public"})");
        ok("POST", kZones + "/z/rrsets",
           R"({"name": "www.snap.test.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]})");
        ok("POST", kRun + "?serviceId=site",
           R"({"template": {"containers": [{"image": "example/other"}]}})");
        ok("POST", kSecrets + "?secretId=key", R"({"replication": {"automatic": {}}})");
        ok("POST", kSecrets + "/key:addVersion", R"({"payload": {"data": "b25l"}})");
    }
    void change_everything() {
        put_object("a.txt", "second");
        put_object("b.txt", "new");
        EXPECT_EQ(send_chunk(1).status, 308);
        execute("db", {"UPDATE wp.posts SET t = 'changed'", "INSERT INTO wp.posts VALUES (3, 'x')",
                       "CREATE TABLE wp.more (id INT PRIMARY KEY)"});
        make_instance("other");
        ok("DELETE", kZones + "/z/rrsets/www.snap.test./A");
        ok("DELETE", kRun + "/site");
        ok("POST", kSecrets + "/key:addVersion", R"({"payload": {"data": "dHdv"}})");
    }
    HttpAnswer send_chunk(unsigned number) {
        constexpr std::size_t kChunk = 256 << 10;
        return call("PUT", upload_, std::string(kChunk, static_cast<char>('a' + number)),
                    {{"Content-Range",
                      fmt::format("bytes {}-{}/*", number * kChunk, (number + 1) * kChunk - 1)}});
    }
    // Until queries are answered with what the zone has.
    void await_serial(std::uint16_t dns_port) {
        auto const zone = call("GET", kZones + "/z/rrsets/snap.test./SOA").body;
        std::istringstream words(std::string(zone.at_pointer("/rrdatas/0").as_string()));
        std::string name;
        std::uint32_t serial = 0;
        words >> name >> name >> serial;
        auto const context = test_context();
        for (;;) {
            auto const answered = sandbox::dns::ask_serial(context, dns_port, "snap.test.");
            if (answered.ok() && answered.value() == serial) return;
            ASSERT_TRUE(context.sleep(milliseconds(10)));
        }
    }
    std::vector<std::string> state() {
        std::vector<std::string> state;
        for (auto const& path :
             {kBucket, kBucket + "/a.txt?alt=media", kInstance, kZones + "/z/rrsets", kRun,
              kSecrets + "/key/versions", kSecrets + "/key/versions/latest:access"}) {
            state.push_back(text_of(path));
        }
        state.push_back(call("PUT", upload_, "", {{"Content-Range", "bytes */*"}}).header("Range"));
        state.push_back(scalar("db", "SELECT GROUP_CONCAT(id, t ORDER BY id) FROM wp.posts"));
        state.push_back(scalar("db",
                               "SELECT COUNT(*) FROM information_schema.tables"
                               " WHERE table_schema = 'wp'"));
        auto const dns_port = must(run({"status", "--format", "json"}).json())
                                  .at("dns_port")
                                  .to_number<std::uint16_t>();
        if (dns_port != 0) await_serial(dns_port);
        std::ifstream certificate(sandbox_.data() / "ca.pem");
        state.push_back(std::string(std::istreambuf_iterator<char>(certificate), {}));
        return state;
    }

    std::string upload_;
};

TEST_F(SandboxSnapshotOfAllTest, EverythingComesBackAsItWas) {
    make_everything();
    auto const before = state();
    expect_done({"snapshot", "save", "running"});
    EXPECT_EQ(state(), before);  // it goes on as it was, on the same port
    change_everything();
    auto const after = state();
    for (std::size_t i = 0; i + 1 < after.size(); ++i) EXPECT_NE(after[i], before[i]);
    EXPECT_EQ(sandbox_.stop(), 0);
    expect_done({"snapshot", "save", "stopped"});

    load("running");
    sandbox_.start();
    EXPECT_EQ(state(), before);
    EXPECT_EQ(call("GET", kInstance + "/other").status, 404);
    EXPECT_EQ(sandbox_.stop(), 0);
    load("stopped");
    sandbox_.start();
    EXPECT_EQ(state(), after);
    EXPECT_EQ(sandbox_.stop(), 0);
}

// One client that writes numbers, one after the other, and counts what was acknowledged.
class Writer {
public:
    Writer(std::stop_token stop, std::function<bool(unsigned)> write)
        : thread_([this, stop = std::move(stop), write = std::move(write)] {
              for (unsigned next = 1; !stop.stop_requested();) {
                  sent_ = next;
                  if (write(next)) acknowledged_ = next++;
              }
          }) {}
    [[nodiscard]] unsigned sent() const { return sent_; }
    [[nodiscard]] unsigned acknowledged() const { return acknowledged_; }

private:
    std::atomic<unsigned> sent_ = 0;
    std::atomic<unsigned> acknowledged_ = 0;
    std::jthread thread_;
};

TEST_F(SandboxSnapshotOfAllTest, WhatWasAcknowledgedBeforeASaveIsInIt) {
    make_bucket();
    make_instance("db");
    execute("db", {"CREATE DATABASE wp", "CREATE TABLE wp.posts (id INT PRIMARY KEY)"});
    std::stop_source stop;
    HttpClient client;
    std::optional<mysql::Connection> connection;
    auto const url = sandbox_.url() + "/upload" + kBucket + "?uploadType=media&name=";
    Writer objects(stop.get_token(), [&](unsigned number) {
        return client
                   .send({.verb = "POST",
                          .url = url + fmt::format("o{:06}", number),
                          .body = std::string(number % 5000, 'x'),
                          .headers = {{"Authorization", "Bearer ya29.test"}}})
                   .status == 200;
    });
    auto const endpoint = must(connect("db")).endpoint();
    Writer rows(stop.get_token(), [&](unsigned number) {
        if (!connection || !connection->usable()) {
            connection.reset();
            auto opened = mysql::Connection::open(test_context(), endpoint);
            if (!opened.ok()) return false;
            connection = opened.release();
        }
        // One that was committed before its answer was lost is not there twice.
        return connection
            ->execute(test_context(),
                      fmt::format("INSERT IGNORE INTO wp.posts VALUES ({})", number))
            .ok();
    });
    auto const until = [&](unsigned more) {
        auto const context = test_context();
        auto const wanted_objects = objects.acknowledged() + more;
        auto const wanted_rows = rows.acknowledged() + more;
        while (objects.acknowledged() < wanted_objects || rows.acknowledged() < wanted_rows) {
            ASSERT_TRUE(context.sleep(milliseconds(1)));
        }
    };
    until(50);
    auto const least_objects = objects.acknowledged();
    auto const least_rows = rows.acknowledged();
    expect_done({"snapshot", "save", "busy"});
    auto const most_objects = objects.sent();
    auto const most_rows = rows.sent();
    until(10);  // those that write go on
    stop.request_stop();
    until(0);
    EXPECT_EQ(sandbox_.stop(), 0);
    load("busy");
    sandbox_.start();
    std::string list;
    unsigned found = 0;
    do {
        auto const page = ok("GET", kBucket + "?maxResults=1000" + list).body.as_object();
        for (auto const& item : page.at("items").as_array()) {
            ++found;
            EXPECT_EQ(std::string(item.at("name").as_string()), fmt::format("o{:06}", found));
            EXPECT_EQ(std::string(item.at("size").as_string()), std::to_string(found % 5000));
        }
        auto const* const next = page.if_contains("nextPageToken");
        list = next == nullptr ? "" : "&pageToken=" + std::string(next->as_string());
    } while (!list.empty());
    EXPECT_GE(found, least_objects);
    EXPECT_LE(found, most_objects);
    EXPECT_EQ(ok("GET", kBucket + fmt::format("/o{:06}?alt=media", found)).text.size(),
              found % 5000);
    auto const last = std::stoul(scalar("db", "SELECT MAX(id) FROM wp.posts"));
    EXPECT_GE(last, least_rows);
    EXPECT_LE(last, most_rows);
    EXPECT_EQ(scalar("db", "SELECT COUNT(*) FROM wp.posts"), std::to_string(last));
    EXPECT_EQ(sandbox_.stop(), 0);
}

TEST_F(SandboxSnapshotTest, KilledWhileSavingItLosesNothingAndListsNoHalf) {
    make_bucket();
    put_object("a.txt", "first");
    unsigned number = 0;
    for (auto const* const point :
         {"snapshot-save.copied", "snapshot-save.before", "snapshot-save.after"}) {
        SCOPED_TRACE(point);
        testing::Environment const killed{{"AIPRESS_KILL_AT", point}};
        EXPECT_EQ(sandbox_.stop(), 0);
        EXPECT_EQ(run({"snapshot", "save", fmt::format("s{}", ++number)}, killed).status.signal,
                  SIGKILL);
        sandbox_.start(killed);
        auto const result = run({"snapshot", "save", fmt::format("r{}", number)});
        EXPECT_EQ(result.status.code, 1);
        auto const context = test_context();
        while (!sandbox_.has_ended()) ASSERT_TRUE(context.sleep(milliseconds(1)));
        sandbox_.start();
        EXPECT_EQ(ok("GET", kBucket + "/a.txt?alt=media").text, "first");
    }
    auto const list = run({"snapshot", "list", "--format", "json"}).output;
    EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 2) << list;
    EXPECT_THAT(list, ::testing::AllOf(HasSubstr("\"r3\""), HasSubstr("\"s3\"")));
    put_object("a.txt", "second");
    for (auto const* const name : {"r3", "s3"}) {
        EXPECT_EQ(sandbox_.stop(), 0);
        load(name);
        sandbox_.start();
        EXPECT_EQ(ok("GET", kBucket + "/a.txt?alt=media").text, "first");
    }
}

TEST_F(SandboxSnapshotTest, KilledWhileLoadingItHasTheOldStateOrTheNew) {
    make_bucket();
    put_object("a.txt", "saved");
    expect_done({"snapshot", "save", "first"});
    for (auto const* const point :
         {"snapshot-load.copied", "snapshot-commit.before", "snapshot-commit.after",
          "snapshot-move.after", "snapshot-move.after#4", "snapshot-arriving.after",
          "snapshot-discard.before"}) {
        SCOPED_TRACE(point);
        put_object("a.txt", "later");
        ok("POST", kSecrets + "?secretId=later", R"({"replication": {"automatic": {}}})");
        EXPECT_EQ(sandbox_.stop(), 0);
        auto const result =
            run({"snapshot", "load", "first", "--confirm", "data"}, {{"AIPRESS_KILL_AT", point}});
        EXPECT_EQ(result.status.signal, SIGKILL) << result.describe();
        sandbox_.start();
        bool const is_old = std::string_view(point) == "snapshot-load.copied" ||
                            std::string_view(point) == "snapshot-commit.before";
        EXPECT_EQ(ok("GET", kBucket + "/a.txt?alt=media").text, is_old ? "later" : "saved");
        EXPECT_EQ(call("GET", kSecrets + "/later").status, is_old ? 200 : 404);
        if (is_old) ok("DELETE", kSecrets + "/later");
    }
}

TEST_F(SandboxSnapshotTest, WhatCannotBeDoneIsSaid) {
    expect_done({"snapshot", "save", "first"});
    expect_failure(1, {"snapshot", "save", "first"}, "there is a snapshot 'first' already",
                   "snapshot list");
    expect_failure(2, {"snapshot", "save", ".."}, "'..' is no name for a snapshot",
                   "snapshot list");
    expect_failure(2, {"snapshot", "load", "first", "--confirm", "other"}, "--confirm says 'other'",
                   "snapshot load");
    expect_failure(1, {"snapshot", "load", "first", "--confirm", "data"}, "a sandbox runs on",
                   "down");
    expect_failure(2, {"snapshot", "delete", "first", "--confirm", "fist"}, "--confirm says 'fist'",
                   "snapshot delete");
    EXPECT_THAT(run({"snapshot", "list"}).output, HasSubstr("first"));
    expect_done({"snapshot", "delete", "first", "--confirm", "first"});
    EXPECT_THAT(run({"snapshot", "list"}).output, HasSubstr("no snapshot"));
    EXPECT_EQ(sandbox_.stop(), 0);
    expect_failure(1, {"snapshot", "load", "first", "--confirm", "data"},
                   "there is no snapshot 'first'", "snapshot list");
}

}  // namespace
}  // namespace aipress
