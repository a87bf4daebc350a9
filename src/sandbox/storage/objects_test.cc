// Cloud Storage as a client sees it.
#include "sandbox/storage/objects.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "http/base64.h"
#include "sandbox/gzip.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HttpAnswer;

class StorageTest : public ::testing::Test {
protected:
    void SetUp() override { make_bucket("media", {}); }

    void make_bucket(std::string const& name, json::object fields) {
        fields["name"] = name;
        auto const made = host_.post("/storage/v1/b?project=sandbox-project", fields);
        ASSERT_EQ(made.status, 200) << made.text;
    }
    HttpAnswer upload(std::string const& name, std::string bytes, std::string const& more = "",
                      std::string const& bucket = "media") {
        return host_.call(
            "POST",
            fmt::format("/upload/storage/v1/b/{}/o?uploadType=media&name={}{}", bucket, name, more),
            std::move(bytes), {{"Content-Type", "text/plain"}});
    }
    HttpAnswer download(std::string const& name, testing::HttpHeaders headers = {}) {
        return host_.call("GET", "/storage/v1/b/media/o/" + name + "?alt=media", "",
                          std::move(headers));
    }
    // Names and prefixes, in their order.
    std::vector<std::string> listed(std::string const& query, std::string const& bucket = "media") {
        auto const answer = host_.get("/storage/v1/b/" + bucket + "/o?" + query);
        EXPECT_EQ(answer.status, 200) << answer.text;
        std::vector<std::string> names;
        auto const& body = answer.body.as_object();
        if (auto const* const items = body.if_contains("items")) {
            for (auto const& item : items->as_array()) {
                names.emplace_back(item.at("name").as_string());
            }
        }
        if (auto const* const prefixes = body.if_contains("prefixes")) {
            for (auto const& prefix : prefixes->as_array()) {
                names.push_back("(" + std::string(prefix.as_string()) + ")");
            }
        }
        if (body.contains("nextPageToken")) names.emplace_back("...");
        return names;
    }
    static std::string text(HttpAnswer const& answer, std::string_view pointer) {
        boost::system::error_code failure;
        auto const* const found = answer.body.find_pointer(pointer, failure);
        return found == nullptr ? "" : std::string(found->as_string());
    }

    SystemClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(StorageTest, AnObjectIsWhatWasUploaded) {
    auto const made = upload("dir%2Fa.txt", "hello");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(text(made, "/name"), "dir/a.txt");
    EXPECT_EQ(text(made, "/size"), "5");
    EXPECT_EQ(text(made, "/contentType"), "text/plain");
    EXPECT_EQ(text(made, "/md5Hash"), "XUFAKrxLKna5cZ2REBfFkg==");
    EXPECT_EQ(text(made, "/crc32c"), "mnG7TA==");
    auto const bytes = download("dir%2Fa.txt");
    EXPECT_EQ(bytes.text, "hello");
    EXPECT_EQ(bytes.header("X-Goog-Hash"), "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==");
    EXPECT_EQ(bytes.header("X-Goog-Generation"), text(made, "/generation"));
    EXPECT_EQ(download("dir%2Fa.txt", {{"Range", "bytes=1-3"}}).text, "ell");
    EXPECT_EQ(download("dir%2Fa.txt", {{"Range", "bytes=-2"}}).text, "lo");
    EXPECT_EQ(download("dir%2Fa.txt", {{"Range", "bytes=9-"}}).status, 416);
    EXPECT_EQ(host_.get("/download/storage/v1/b/media/o/dir%2Fa.txt?alt=media").text, "hello");
    EXPECT_EQ(host_.get("/b/media/o/dir%2Fa.txt?alt=media").text, "hello");
    EXPECT_EQ(host_.get("/storage/v1/b/media/o/none").status, 404);
    EXPECT_EQ(upload("empty", "").status, 200);
    EXPECT_EQ(download("empty").text, "");
    host_.restart();
    EXPECT_EQ(download("dir%2Fa.txt").text, "hello");
}

TEST_F(StorageTest, ChecksumsThatTheClientSendsAreHeldAgainstTheBytes) {
    auto const send = [&](std::string const& md5) {
        return host_.call("POST", "/upload/storage/v1/b/media/o?uploadType=multipart",
                          "--x\r\nContent-Type: application/json\r\n\r\n{\"name\":\"m\","
                          "\"md5Hash\":\"" +
                              md5 + "\"}\r\n--x\r\nContent-Type: a/b\r\n\r\nhello\r\n--x--\r\n",
                          {{"Content-Type", "multipart/related; boundary=x"}});
    };
    auto const wrong = send("1B2M2Y8AsgTpgAmY7PhCfg==");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_THAT(wrong.text, HasSubstr("doesn't match calculated hash"));
    EXPECT_EQ(host_.get("/storage/v1/b/media/o/m").status, 404);
    EXPECT_EQ(send("XUFAKrxLKna5cZ2REBfFkg==").status, 200);
    EXPECT_EQ(download("m").text, "hello");
}

TEST_F(StorageTest, AResumableUploadGoesOnWhereItBrokeOff) {
    auto const step = std::string(256u << 10, 'a');
    auto const begun = host_.call("POST", "/upload/storage/v1/b/media/o?uploadType=resumable",
                                  R"({"name": "big", "contentType": "image/png"})",
                                  {{"Content-Type", "application/json"}});
    ASSERT_EQ(begun.status, 200) << begun.text;
    auto const location = begun.header("Location").substr(host_.url().size());
    auto const put = [&](std::string bytes, std::string const& range) {
        return host_.call("PUT", location, std::move(bytes), {{"Content-Range", range}});
    };
    EXPECT_EQ(put("", "bytes */*").header("Range"), "");
    EXPECT_EQ(put(step, "bytes 0-262143/*").status, 308);
    host_.restart();
    EXPECT_EQ(put("", "bytes */*").header("Range"), "bytes=0-262143");
    EXPECT_EQ(put("gap", "bytes 300000-300002/*").status, 400);
    EXPECT_EQ(host_.get("/storage/v1/b/media/o/big").status, 404);
    // Some of it for the second time, then the rest.
    EXPECT_EQ(put(step + step, "bytes 0-524287/524291").header("Range"), "bytes=0-524287");
    auto const done = put("end", "bytes 524288-524290/524291");
    ASSERT_EQ(done.status, 200) << done.text;
    EXPECT_EQ(text(done, "/size"), "524291");
    EXPECT_EQ(text(done, "/contentType"), "image/png");
    EXPECT_EQ(download("big").text, step + step + "end");
    // The reply was lost: the client asks again, and it is the same object.
    EXPECT_EQ(text(put("", "bytes */524291"), "/generation"), text(done, "/generation"));
    EXPECT_EQ(host_.call("PUT", "/upload/storage/v1/b/media/o?upload_id=none", "x").status, 404);
}

TEST_F(StorageTest, AnUploadThatIsCalledOffIsGone) {
    auto const begun =
        host_.call("POST", "/upload/storage/v1/b/media/o?uploadType=resumable&name=c");
    auto const location = begun.header("Location").substr(host_.url().size());
    EXPECT_EQ(host_.call("PUT", location, "half", {{"Content-Range", "bytes 0-3/8"}}).status, 308);
    EXPECT_EQ(host_.remove(location).status, 499);
    EXPECT_EQ(host_.call("PUT", location, "rest", {{"Content-Range", "bytes 4-7/8"}}).status, 404);
    EXPECT_EQ(host_.remove(location).status, 404);
    EXPECT_EQ(host_.get("/storage/v1/b/media/o/c").status, 404);
}

TEST(ResumableUploads, AnUploadIsKeptForAWeek) {
    testing::FakeClock clock;
    testing::SandboxHost host(clock);
    host.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
    auto const files = [&] {
        std::filesystem::directory_iterator const all(host.data() / "uploads");
        return std::distance(begin(all), end(all));
    };
    auto const start = [&] {
        auto const begun =
            host.call("POST", "/upload/storage/v1/b/media/o?uploadType=resumable&name=o");
        return begun.header("Location").substr(host.url().size());
    };
    auto const first = start();
    auto const put = [&](std::string const& location, std::string const& range) {
        return host.call("PUT", location, "four", {{"Content-Range", range}}).status;
    };
    EXPECT_EQ(put(first, "bytes 0-3/8"), 308);
    clock.advance(std::chrono::hours(6 * 24));
    auto const second = start();
    EXPECT_EQ(files(), 2);
    clock.advance(std::chrono::hours(25));
    EXPECT_EQ(put(first, "bytes 4-7/8"), 410);
    auto const third = start();  // sweeps
    EXPECT_EQ(put(first, "bytes 4-7/8"), 404);
    EXPECT_EQ(files(), 2);
    EXPECT_EQ(put(second, "bytes 0-3/4"), 200);
    clock.advance(std::chrono::hours(8 * 24));
    host.restart();
    EXPECT_EQ(put(third, "bytes 0-3/4"), 404);
    EXPECT_EQ(files(), 0);
    EXPECT_EQ(host.get("/storage/v1/b/media/o/o?alt=media").text, "four");
}

TEST_F(StorageTest, PreconditionsDecideWhoWins) {
    EXPECT_EQ(upload("p", "one", "&ifGenerationMatch=0").status, 200);
    auto const second = upload("p", "two", "&ifGenerationMatch=0");
    EXPECT_EQ(second.status, 412);
    EXPECT_EQ(second.reason(), "conditionNotMet");
    auto const now = text(host_.get("/storage/v1/b/media/o/p"), "/generation");
    EXPECT_EQ(upload("p", "two", "&ifGenerationMatch=" + now).status, 200);
    EXPECT_EQ(host_.remove("/storage/v1/b/media/o/p?ifGenerationMatch=" + now).status, 412);
    auto const newer = text(host_.get("/storage/v1/b/media/o/p"), "/generation");
    auto const same = host_.get("/storage/v1/b/media/o/p?ifGenerationNotMatch=" + newer);
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.text, "");
    EXPECT_EQ(host_.remove("/storage/v1/b/media/o/p?ifGenerationMatch=" + newer).status, 204);
    EXPECT_EQ(upload("p", "x", "&ifGenerationMatch=abc").status, 400);
}

TEST_F(StorageTest, CopyRewriteComposeAndMove) {
    make_bucket("other", {});
    upload("a", "one ");
    upload("b", "two");
    auto const composed = host_.post("/storage/v1/b/media/o/ab/compose",
                                     {{"sourceObjects", {{{"name", "a"}}, {{"name", "b"}}}},
                                      {"destination", {{"contentType", "text/html"}}}});
    ASSERT_EQ(composed.status, 200) << composed.text;
    EXPECT_EQ(download("ab").text, "one two");
    EXPECT_EQ(text(composed, "/md5Hash"), "");
    EXPECT_EQ(composed.body.at("componentCount"), 2);
    auto const rewritten =
        host_.post("/storage/v1/b/media/o/ab/rewriteTo/b/other/o/x%2Fy", json::object());
    EXPECT_EQ(rewritten.body.at("done"), true);
    EXPECT_EQ(text(rewritten, "/resource/contentType"), "text/html");
    EXPECT_EQ(host_.get("/storage/v1/b/other/o/x%2Fy?alt=media").text, "one two");
    EXPECT_EQ(host_.post("/storage/v1/b/media/o/b/copyTo/b/media/o/c", json::object()).status, 200);
    host_.remove("/storage/v1/b/media/o/b");
    EXPECT_EQ(download("c").text, "two");
    EXPECT_EQ(host_.post("/storage/v1/b/media/o/c/moveTo/o/d", json::object()).status, 200);
    EXPECT_THAT(listed(""), ElementsAre("a", "ab", "d"));
    EXPECT_EQ(host_.post("/storage/v1/b/media/o/none/rewriteTo/b/other/o/z", json::object()).status,
              404);
}

// https://cloud.google.com/storage/docs/transcoding
TEST_F(StorageTest, GzipIsDecompressedForWhoDoesNotTakeIt) {
    auto const plain = std::string(40u << 20, 'a') + "end";
    auto const packed = compress_gzip(plain);
    ASSERT_EQ(upload("z", packed, "&contentEncoding=gzip").status, 200);
    for (auto const* const path : {"/storage/v1/b/media/o/z?alt=media", "/media/z"}) {
        auto const read = host_.call("GET", path, "", {{"Range", "bytes=0-9"}});
        EXPECT_EQ(read.status, 200) << path;
        EXPECT_TRUE(read.text == plain) << path;
        EXPECT_EQ(read.header("Content-Encoding"), "");
        EXPECT_EQ(read.header("Content-Length"), "");
        EXPECT_EQ(read.header("Accept-Ranges"), "none");
        EXPECT_EQ(read.header("Warning"), "214 UploadServer gunzipped");
        EXPECT_EQ(read.header("X-Goog-Stored-Content-Encoding"), "gzip");
        EXPECT_EQ(read.header("X-Goog-Stored-Content-Length"), fmt::format("{}", packed.size()));
        auto const taken = host_.call("GET", path, "", {{"Accept-Encoding", "gzip"}});
        EXPECT_TRUE(taken.text == packed) << path;
        EXPECT_EQ(taken.header("Content-Encoding"), "gzip");
        EXPECT_EQ(taken.header("Warning"), "");
    }
    EXPECT_THAT(host_.get("/media/z").header("ETag"), ::testing::StartsWith("W/\""));
    host_.patch("/storage/v1/b/media/o/z", {{"cacheControl", "no-transform"}});
    EXPECT_TRUE(download("z").text == packed);
}

TEST_F(StorageTest, WhatIsNoWholeGzipIsNotTakenForOne) {
    upload("plain", "not packed", "&contentEncoding=gzip");
    EXPECT_EQ(download("plain").text, "not packed");
    auto const packed = compress_gzip(std::string(1u << 20, 'a'));
    upload("half", packed.substr(0, packed.size() / 2), "&contentEncoding=gzip");
    EXPECT_NE(download("half").error, "");  // the connection breaks
    upload("twice", compress_gzip("one ") + compress_gzip("two"), "&contentEncoding=gzip");
    EXPECT_EQ(download("twice").text, "one two");
}

TEST_F(StorageTest, ListsByPrefixDelimiterAndPage) {
    for (auto const* const name : {"a", "b%2F1", "b%2F2", "b%2Fc%2F3", "d"}) upload(name, "x");
    EXPECT_THAT(listed(""), ElementsAre("a", "b/1", "b/2", "b/c/3", "d"));
    EXPECT_THAT(listed("delimiter=/"), ElementsAre("a", "d", "(b/)"));
    EXPECT_THAT(listed("delimiter=/&prefix=b/"), ElementsAre("b/1", "b/2", "(b/c/)"));
    EXPECT_THAT(listed("startOffset=b/2&endOffset=d"), ElementsAre("b/2", "b/c/3"));
    EXPECT_THAT(listed("maxResults=2"), ElementsAre("a", "b/1", "..."));
    std::string token;
    std::vector<std::string> all;
    do {
        auto const page =
            host_.get("/storage/v1/b/media/o?delimiter=/&maxResults=1&pageToken=" + token);
        ASSERT_EQ(page.status, 200) << page.text;
        if (auto const* const items = page.body.as_object().if_contains("items")) {
            all.emplace_back(items->as_array().at(0).at("name").as_string());
        }
        if (auto const* const prefixes = page.body.as_object().if_contains("prefixes")) {
            all.emplace_back(prefixes->as_array().at(0).as_string());
        }
        token = text(page, "/nextPageToken");
    } while (!token.empty());
    EXPECT_THAT(all, ElementsAre("a", "b/", "d"));
    EXPECT_EQ(host_.get("/storage/v1/b/media/o?pageToken=%21").status, 400);
    EXPECT_EQ(host_.get("/storage/v1/b/nowhere/o").status, 404);
}

TEST_F(StorageTest, VersionsOfAVersionedBucketStay) {
    make_bucket("versioned", {{"versioning", {{"enabled", true}}}});
    auto const first = text(upload("o", "one", "", "versioned"), "/generation");
    upload("o", "two", "", "versioned");
    EXPECT_EQ(host_.remove("/storage/v1/b/versioned/o/o").status, 204);
    EXPECT_EQ(host_.get("/storage/v1/b/versioned/o/o").status, 404);
    EXPECT_EQ(host_.get("/storage/v1/b/versioned/o/o?alt=media&generation=" + first).text, "one");
    EXPECT_THAT(listed("versions=true", "versioned"), ElementsAre("o", "o"));
    EXPECT_THAT(listed("versions=True", "versioned"), ElementsAre("o", "o"));
    EXPECT_EQ(host_.remove("/storage/v1/b/versioned/o/o?generation=" + first).status, 204);
    EXPECT_EQ(host_.get("/storage/v1/b/versioned/o/o?generation=" + first).status, 404);
    EXPECT_EQ(host_.remove("/storage/v1/b/versioned").status, 409);
}

TEST_F(StorageTest, RetentionKeepsObjects) {
    make_bucket("kept", {{"retentionPolicy", {{"retentionPeriod", "3600"}}}});
    EXPECT_EQ(upload("o", "one", "", "kept").status, 200);
    auto const refused = host_.remove("/storage/v1/b/kept/o/o");
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.reason(), "retentionPolicyNotMet");
    EXPECT_EQ(upload("o", "two", "", "kept").status, 403);
    auto const bucket = host_.get("/storage/v1/b/kept");
    auto const locked = host_.post("/storage/v1/b/kept/lockRetentionPolicy?ifMetagenerationMatch=" +
                                       text(bucket, "/metageneration"),
                                   json::object());
    EXPECT_EQ(locked.status, 200) << locked.text;
    EXPECT_EQ(host_.patch("/storage/v1/b/kept", {{"retentionPolicy", {{"retentionPeriod", "10"}}}})
                  .status,
              403);
}

TEST_F(StorageTest, NamesAreNamesAndNeverPaths) {
    EXPECT_EQ(upload("..%2F..%2Fetc%2Fpasswd", "not a path").status, 200);
    EXPECT_EQ(download("..%2F..%2Fetc%2Fpasswd").text, "not a path");
    EXPECT_EQ(upload("%2E%2E", "x").status, 400);
    EXPECT_EQ(upload("a%0Ab", "x").status, 400);
    // Not a name that could be told in JSON: it would spoil the bucket's lists.
    EXPECT_EQ(upload("a%FFb", "x").status, 400);
    EXPECT_EQ(host_
                  .call("POST", "/upload/storage/v1/b/media/o?uploadType=media&name=t", "x",
                        {{"Content-Type", "text/\xff"}})
                  .status,
              400);
    EXPECT_EQ(host_.get("/storage/v1/b/media/o").status, 200);
    EXPECT_EQ(upload(std::string(1025, 'n'), "x").status, 400);
    EXPECT_EQ(upload("", "x").status, 400);
    for (auto const* const name : {"ab", "Upper", "goog-x", "a..b", "-a-b", "1.2.3.4"}) {
        EXPECT_EQ(host_.post("/storage/v1/b?project=sandbox-project", {{"name", name}}).status, 400)
            << name;
    }
    EXPECT_EQ(host_.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}}).status, 409);
}

TEST_F(StorageTest, MetadataIsPatchedMemberByMember) {
    upload("o", "x");
    auto const patched = host_.patch("/storage/v1/b/media/o/o",
                                     {{"cacheControl", "no-store"}, {"metadata", {{"a", "1"}}}});
    EXPECT_EQ(text(patched, "/metageneration"), "2");
    host_.patch("/storage/v1/b/media/o/o", {{"metadata", {{"b", "2"}}}});
    auto const both = host_.get("/storage/v1/b/media/o/o");
    EXPECT_EQ(both.body.at("metadata"), (json::object{{"a", "1"}, {"b", "2"}}));
    EXPECT_EQ(text(both, "/cacheControl"), "no-store");
    EXPECT_EQ(download("o").header("Cache-Control"), "no-store");
    host_.patch("/storage/v1/b/media/o/o", {{"cacheControl", nullptr}});
    EXPECT_EQ(download("o").header("Cache-Control"), "");
}

TEST_F(StorageTest, MetadataCannotMakeHeaderFieldsOfItsOwn) {
    upload("o", "x");
    auto const set = host_.patch("/storage/v1/b/media/o/o",
                                 {{"contentType", "text/html\r\nX-Made: up"},
                                  {"metadata", {{"a", "b\r\nX-Made: up"}, {"c\nX-Made", "up"}}}});
    ASSERT_EQ(set.status, 200) << set.text;
    for (auto const* const path : {"/storage/v1/b/media/o/o?alt=media", "/media/o"}) {
        auto const read = host_.get(path);
        EXPECT_EQ(read.header("X-Made"), "") << path;
        EXPECT_EQ(read.header("Content-Type"), "application/octet-stream");
        EXPECT_EQ(read.text, "x");
    }
}

TEST_F(StorageTest, ManagedFoldersAreKeptAndListed) {
    std::string const folders = "/storage/v1/b/media/managedFolders";
    EXPECT_EQ(host_.post(folders, {{"name", "wp-1"}}).status, 200);
    EXPECT_EQ(host_.post(folders, {{"name", "wp-1/"}}).status, 409);
    EXPECT_EQ(host_.post(folders, {{"name", "wp-2/"}}).status, 200);
    EXPECT_EQ(text(host_.get(folders + "/wp-1%2F"), "/id"), "media/wp-1/");
    auto const page = host_.get(folders + "?pageSize=1");
    EXPECT_EQ(text(page, "/items/0/name"), "wp-1/");
    auto const rest = host_.get(folders + "?pageToken=" + text(page, "/nextPageToken"));
    EXPECT_EQ(text(rest, "/items/0/name"), "wp-2/");
    EXPECT_EQ(host_.remove(folders + "/wp-1%2F").status, 204);
    EXPECT_EQ(host_.get(folders + "/wp-1%2F").status, 404);
    EXPECT_EQ(host_.get("/storage/v1/b/nowhere/managedFolders").status, 404);
}

}  // namespace
}  // namespace aipress::sandbox
