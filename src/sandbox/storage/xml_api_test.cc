// Cloud Storage's XML API as a client sees it.
#include "sandbox/storage/xml_api.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sandbox/request_journal.h"
#include "sandbox/sandbox.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpHeaders;
using ::testing::Not;

constexpr auto kHelloTag = "\"5d41402abc4b2a76b9719d911017c592\"";  // the MD5 of "hello"

class XmlApiTest : public ::testing::Test {
protected:
    void SetUp() override { make_bucket("media", {}); }

    void make_bucket(std::string const& name, json::object fields) {
        fields["name"] = name;
        auto const made = host_.post("/storage/v1/b?project=sandbox-project", fields);
        ASSERT_EQ(made.status, 200) << made.text;
    }
    HttpAnswer put(std::string const& path, std::string bytes, HttpHeaders headers = {}) {
        return host_.call("PUT", path, std::move(bytes), std::move(headers));
    }
    HttpAnswer get(std::string const& path, HttpHeaders headers = {}) {
        return host_.call("GET", path, "", std::move(headers));
    }
    HttpAnswer anonymous(std::string const& verb, std::string const& path,
                         HttpHeaders headers = {}) {
        testing::HttpClient client;
        return client.send(
            {.verb = verb, .url = host_.url() + path, .headers = std::move(headers)});
    }
    static std::string code(HttpAnswer const& answer) {
        auto const begin = answer.text.find("<Code>");
        if (begin == std::string::npos) return answer.text;
        return answer.text.substr(begin + 6, answer.text.find("</Code>") - begin - 6);
    }

    testing::FakeClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(XmlApiTest, AnObjectIsReadWithAllThatIsKnownOfIt) {
    ASSERT_EQ(put("/media/dir/a%20b.txt", "hello",
                  {{"Content-Type", "text/plain"}, {"x-goog-meta-site", "wp-1"}})
                  .status,
              200);
    auto const resource = host_.get("/storage/v1/b/media/o/dir%2Fa%20b.txt");
    ASSERT_EQ(resource.status, 200);
    for (auto const* const path : {"/media/dir/a%20b.txt", "/media/dir%2Fa%20b.txt",
                                   "//media.storage.googleapis.com/dir/a%20b.txt",
                                   "//storage.googleapis.com/media/dir/a%20b.txt"}) {
        auto const read = get(path);
        EXPECT_EQ(read.status, 200) << path;
        EXPECT_EQ(read.text, "hello");
        EXPECT_EQ(read.header("ETag"), kHelloTag);
        EXPECT_EQ(read.header("Content-Type"), "text/plain");
        EXPECT_EQ(read.header("Last-Modified"), "Thu, 01 Jan 1970 00:00:01 GMT");
        EXPECT_EQ(read.header("Cache-Control"), "private, max-age=0");
        EXPECT_EQ(read.header("x-goog-meta-site"), "wp-1");
        EXPECT_EQ(read.header("x-goog-hash"), "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==");
        EXPECT_EQ(read.header("x-goog-generation"), resource.body.at("generation").as_string());
        EXPECT_EQ(read.header("x-goog-metageneration"), "1");
        EXPECT_EQ(read.header("x-goog-stored-content-length"), "5");
        EXPECT_EQ(read.header("x-goog-stored-content-encoding"), "identity");
        EXPECT_EQ(read.header("x-goog-storage-class"), "STANDARD");
    }
    auto const head = host_.call("HEAD", "/media/dir/a%20b.txt");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("Content-Length"), "5");
    EXPECT_EQ(head.text, "");
    auto const part = get("/media/dir/a%20b.txt", {{"Range", "bytes=1-3"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.text, "ell");
    EXPECT_EQ(part.header("Content-Range"), "bytes 1-3/5");
    auto const behind = get("/media/dir/a%20b.txt", {{"Range", "bytes=5-"}});
    EXPECT_EQ(behind.status, 416);
    EXPECT_EQ(code(behind), "InvalidRange");
}

TEST_F(XmlApiTest, GenerationsAreToldApart) {
    make_bucket("versioned", {{"versioning", {{"enabled", true}}}});
    auto const first = put("/versioned/o", "one").header("x-goog-generation");
    auto const second = put("/versioned/o", "two").header("x-goog-generation");
    EXPECT_EQ(get("/versioned/o").text, "two");
    EXPECT_EQ(get("/versioned/o?generation=" + first).text, "one");
    EXPECT_EQ(host_.remove("/versioned/o?generation=" + second).status, 204);
    EXPECT_EQ(code(get("/versioned/o?generation=" + second)), "NoSuchKey");
    EXPECT_EQ(code(get("/versioned/o?generation=none")), "NoSuchKey");
}

TEST_F(XmlApiTest, ConditionsOfHttpAndOfGoogle) {
    auto const generation = put("/media/o", "hello").header("x-goog-generation");
    auto const unchanged = get("/media/o", {{"If-None-Match", kHelloTag}});
    EXPECT_EQ(unchanged.status, 304);
    EXPECT_EQ(unchanged.text, "");
    EXPECT_EQ(unchanged.header("ETag"), kHelloTag);
    EXPECT_EQ(get("/media/o", {{"If-None-Match", "\"other\""}}).status, 200);
    EXPECT_EQ(get("/media/o", {{"If-Match", kHelloTag}}).status, 200);
    EXPECT_EQ(code(get("/media/o", {{"If-Match", "\"other\""}})), "PreconditionFailed");
    auto const since = [&](std::string const& header, std::string const& time) {
        return get("/media/o", {{header, "Thu, 01 Jan 1970 " + time + " GMT"}}).status;
    };
    EXPECT_EQ(since("If-Modified-Since", "00:00:01"), 304);
    EXPECT_EQ(since("If-Modified-Since", "00:00:00"), 200);
    EXPECT_EQ(since("If-Unmodified-Since", "00:00:00"), 412);
    EXPECT_EQ(since("If-Unmodified-Since", "00:00:01"), 200);
    EXPECT_EQ(since("If-Modified-Since", "at dawn"), 200);
    EXPECT_EQ(get("/media/o", {{"x-goog-if-generation-match", generation}}).status, 200);
    EXPECT_EQ(get("/media/o", {{"x-goog-if-generation-match", "1"}}).status, 412);
    EXPECT_EQ(get("/media/o", {{"x-goog-if-metageneration-match", "2"}}).status, 412);
    EXPECT_EQ(put("/media/o", "x", {{"x-goog-if-generation-match", "0"}}).status, 412);
    EXPECT_EQ(host_.call("DELETE", "/media/o", "", {{"x-goog-if-generation-match", "1"}}).status,
              412);
    EXPECT_EQ(put("/media/o", "x", {{"x-goog-if-generation-match", "many"}}).status, 400);
    EXPECT_EQ(get("/media/o").text, "hello");
}

TEST_F(XmlApiTest, ListsByPrefixDelimiterAndPage) {
    for (auto const* const name : {"a", "b/1", "b/2", "b/c/3", "d%26e"}) {
        put(std::string("/media/") + name, "hello");
    }
    auto const all = get("/media");
    EXPECT_EQ(all.status, 200);
    EXPECT_EQ(all.header("Content-Type"), "application/xml; charset=UTF-8");
    EXPECT_THAT(all.text,
                AllOf(HasSubstr("<Name>media</Name><Prefix></Prefix><Marker></Marker>"),
                      HasSubstr("<IsTruncated>false</IsTruncated><Contents><Key>a</Key>"),
                      HasSubstr("<LastModified>1970-01-01T00:00:01.000Z</LastModified>"),
                      HasSubstr("<ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag>"
                                "<Size>5</Size></Contents>"),
                      HasSubstr("<Key>d&amp;e</Key>")));
    auto const first = get("/media/?delimiter=/&max-keys=2");
    EXPECT_THAT(first.text, AllOf(HasSubstr("<NextMarker>b/</NextMarker>"),
                                  HasSubstr("<IsTruncated>true</IsTruncated>"),
                                  HasSubstr("<CommonPrefixes><Prefix>b/</Prefix>")));
    auto const rest = get("/media/?delimiter=/&max-keys=2&marker=b/");
    EXPECT_THAT(rest.text, AllOf(HasSubstr("<Key>d&amp;e</Key>"), Not(HasSubstr("CommonPrefixes")),
                                 HasSubstr("<IsTruncated>false</IsTruncated>")));
    EXPECT_THAT(get("/media?marker=b/2").text,
                AllOf(HasSubstr("<Key>b/c/3</Key>"), Not(HasSubstr("<Key>b/2</Key>"))));
    EXPECT_THAT(get("//media.storage.googleapis.com/?prefix=d&encoding-type=url").text,
                AllOf(HasSubstr("<Key>d%26e</Key>"), HasSubstr("<EncodingType>url")));
    EXPECT_EQ(code(get("/media?max-keys=few")), "InvalidArgument");
}

TEST_F(XmlApiTest, TheSecondVersionOfListsGoesOnByToken) {
    for (auto const* const name : {"a", "b", "c", "d"}) put(std::string("/media/") + name, "x");
    std::string keys;
    std::string token;
    int pages = 0;
    do {
        auto const page =
            get("/media?list-type=2&max-keys=2&start-after=a&continuation-token=" + token);
        ASSERT_EQ(page.status, 200) << page.text;
        ++pages;
        for (auto at = page.text.find("<Key>"); at != std::string::npos;
             at = page.text.find("<Key>", at + 1)) {
            keys += page.text[at + 5];
        }
        auto const next = page.text.find("<NextContinuationToken>");
        token = next == std::string::npos
                    ? ""
                    : page.text.substr(next + 23, page.text.find('<', next + 23) - next - 23);
    } while (!token.empty() && pages < 9);
    EXPECT_EQ(keys, "bcd");
    EXPECT_EQ(pages, 2);
    EXPECT_THAT(get("/media?list-type=2").text, HasSubstr("<KeyCount>4</KeyCount>"));
}

TEST_F(XmlApiTest, ErrorsAreInXmlAndTheJsonApisAreNotShadowed) {
    auto const missing = get("/media/none");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.text,
              "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>The "
              "specified key does not exist.</Message><Details>No such object: "
              "media/none</Details></Error>");
    EXPECT_EQ(code(get("//storage.googleapis.com/nowhere/o")), "NoSuchBucket");
    EXPECT_EQ(code(get("//nowhere.storage.googleapis.com/")), "NoSuchBucket");
    EXPECT_EQ(code(get("//storage.googleapis.com/")), "NotImplemented");
    EXPECT_EQ(code(get("/media?acl")), "NotImplemented");
    EXPECT_EQ(code(host_.call("POST", "/media/o", "x")), "MethodNotAllowed");
    EXPECT_EQ(code(get("/media/o", {{"Authorization", "GOOG1 id:signature"}})),
              "AuthenticationRequired");
    // Where a JSON API has a method, or there is no bucket of the name, nothing is XML.
    make_bucket("compute", {});
    put("/compute/v1", "mine");
    EXPECT_EQ(get("/compute/v1").text, "mine");
    EXPECT_EQ(get("/compute/v1/projects/sandbox-project/global/networks").status, 200);
    EXPECT_EQ(get("//sqladmin.googleapis.com/media/o").body.at_pointer("/error/code"), 404);
    EXPECT_EQ(get("/nowhere/o").body.at_pointer("/error/message"), "Method not found.");
    EXPECT_EQ(get("//storage.googleapis.com/storage/v1/b/media").body.at("name"), "media");
    EXPECT_EQ(get("//media.storage.googleapis.com/storage/v1/b/media").status, 404);
}

TEST_F(XmlApiTest, WhatIsPutIsWhatWasMeant) {
    auto const wrong = put("/media/o", "hello", {{"Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="}});
    EXPECT_EQ(code(wrong), "BadDigest");
    EXPECT_EQ(code(put("/media/o", "hello", {{"x-goog-hash", "crc32c=AAAAAA=="}})), "BadDigest");
    EXPECT_EQ(code(put("/media/o", "hello", {{"Content-MD5", "?"}})), "InvalidDigest");
    EXPECT_EQ(code(put("/media/o", "hello", {{"x-goog-content-length-range", "0,4"}})),
              "EntityTooLarge");
    EXPECT_EQ(code(put("/media/o", "hello", {{"x-goog-content-length-range", "6,9"}})),
              "EntityTooSmall");
    EXPECT_EQ(code(put("/media/o", "x", {{"x-goog-copy-source", "media/p"}})), "NotImplemented");
    EXPECT_EQ(code(put("/media/o", "x", {{"x-goog-meta-a", "\xff"}})), "InvalidArgument");
    EXPECT_EQ(get("/media/o").status, 404);
    auto const made = put("/media/o", "hello",
                          {{"x-goog-hash", "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg=="},
                           {"x-goog-content-length-range", "5,5"},
                           {"Cache-Control", "no-store"},
                           {"Content-Disposition", "attachment"}});
    EXPECT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.header("ETag"), kHelloTag);
    EXPECT_EQ(get("/media/o").header("Cache-Control"), "no-store");
    EXPECT_EQ(get("/media/o").header("Content-Disposition"), "attachment");
    for (auto const& name : {std::string(1025, 'n'), std::string("a%0Ab"), std::string("%2E%2E"),
                             std::string("a%FFb")}) {
        EXPECT_EQ(code(put("/media/" + name, "x")), "InvalidArgument") << name;
    }
    EXPECT_EQ(put("/media/" + std::string(1024, 'n'), "x").status, 200);
    EXPECT_EQ(put("/media/..%2F..%2Fpasswd", "a name").status, 200);
    EXPECT_EQ(get("/media/..%2F..%2Fpasswd").text, "a name");
    EXPECT_EQ(host_.remove("/media/o").status, 204);
    EXPECT_EQ(code(host_.remove("/media/o")), "NoSuchKey");
}

TEST_F(XmlApiTest, AResumableUploadGoesOnAtItsLocation) {
    auto const begun = host_.call("POST", "/media/big", "",
                                  {{"x-goog-resumable", "start"}, {"Content-Type", "image/png"}});
    ASSERT_EQ(begun.status, 201) << begun.text;
    auto const location = begun.header("Location").substr(host_.url().size());
    EXPECT_THAT(location, ::testing::StartsWith("/media/big?upload_id="));
    EXPECT_EQ(put(location, "hel", {{"Content-Range", "bytes 0-2/5"}}).header("Range"),
              "bytes=0-2");
    auto const done = put(location, "lo", {{"Content-Range", "bytes 3-4/5"}});
    EXPECT_EQ(done.status, 200) << done.text;
    EXPECT_EQ(done.header("ETag"), kHelloTag);
    EXPECT_EQ(get("/media/big").header("Content-Type"), "image/png");
    EXPECT_EQ(put("/media/big?upload_id=none", "x").status, 404);
}

TEST_F(XmlApiTest, EveryoneReadsOnlyWhatIsPublic) {
    put("/media/o", "hello");
    auto const denied = anonymous("GET", "/media/o");
    EXPECT_EQ(denied.status, 403);
    EXPECT_EQ(code(denied), "AccessDenied");
    EXPECT_THAT(denied.text, HasSubstr("Anonymous caller does not have storage.objects.get"));
    EXPECT_EQ(anonymous("GET", "/media/none").status, 403);  // it is not told which there are
    EXPECT_EQ(anonymous("GET", "/media").status, 403);
    EXPECT_EQ(anonymous("DELETE", "/media/o").status, 403);
    put("/media/shown", "hello", {{"x-goog-acl", "public-read"}});
    EXPECT_EQ(anonymous("GET", "/media/shown").text, "hello");
    EXPECT_EQ(anonymous("GET", "/media/shown").header("Cache-Control"), "public, max-age=3600");
    EXPECT_EQ(anonymous("DELETE", "/media/shown").status, 403);
    auto const grant = [&](std::string const& role, json::object more) {
        more["role"] = role;
        more["members"] = json::array{"allUsers"};
        auto const set = host_.put("/storage/v1/b/media/iam", {{"bindings", json::array{more}}});
        EXPECT_EQ(set.status, 200) << set.text;
    };
    grant("roles/storage.objectViewer", {{"condition", {{"expression", "false"}}}});
    EXPECT_EQ(anonymous("GET", "/media/o").status, 403);
    grant("roles/storage.legacyObjectReader", {});
    EXPECT_EQ(anonymous("GET", "/media/o").text, "hello");
    EXPECT_EQ(anonymous("GET", "/media/none").status, 403);
    EXPECT_EQ(anonymous("GET", "/media").status, 403);
    grant("roles/storage.objectViewer", {});
    EXPECT_EQ(anonymous("GET", "/media/none").status, 404);
    EXPECT_EQ(anonymous("GET", "/media").status, 200);
    EXPECT_EQ(anonymous("PUT", "/media/o").status, 403);
    host_.patch("/storage/v1/b/media",
                {{"iamConfiguration", {{"publicAccessPrevention", "enforced"}}}});
    EXPECT_EQ(anonymous("GET", "/media/o").status, 403);
    EXPECT_EQ(anonymous("GET", "/media/shown").status, 403);
}

TEST_F(XmlApiTest, AnObjectsAclIsChangedEntryByEntry) {
    put("/media/o", "hello");
    std::string const acl = "/storage/v1/b/media/o/o/acl";
    auto const entry = host_.post(acl, {{"entity", "allUsers"}, {"role", "READER"}});
    EXPECT_EQ(entry.status, 200) << entry.text;
    EXPECT_EQ(anonymous("GET", "/media/o").text, "hello");
    host_.post(acl, {{"entity", "user-a@example.com"}, {"role", "READER"}});
    EXPECT_EQ(host_.patch(acl + "/user-a@example.com", {{"role", "OWNER"}}).status, 200);
    EXPECT_EQ(host_.get(acl + "/user-a@example.com").body.at("role"), "OWNER");
    EXPECT_EQ(host_.put(acl + "/user-a@example.com", {{"role", "READER"}}).status, 200);
    EXPECT_EQ(host_.get(acl + "/user-a@example.com").body.at("role"), "READER");
    EXPECT_EQ(host_.get(acl).body.at("items").as_array().size(), 2u);
    EXPECT_EQ(host_.remove(acl + "/allUsers").status, 204);
    EXPECT_EQ(host_.remove(acl + "/allUsers").status, 404);
    EXPECT_EQ(anonymous("GET", "/media/o").status, 403);
    EXPECT_EQ(host_.post(acl, {{"entity", "allUsers"}, {"role", "KING"}}).status, 400);
    EXPECT_EQ(host_.post(acl, {{"role", "READER"}}).status, 400);
    host_.post(acl, {{"entity", "allUsers"}, {"role", "READER"}});
    host_.patch("/storage/v1/b/media",
                {{"iamConfiguration", {{"uniformBucketLevelAccess", {{"enabled", true}}}}}});
    EXPECT_EQ(anonymous("GET", "/media/o").status, 403);
    EXPECT_EQ(host_.get(acl).status, 400);
}

TEST_F(XmlApiTest, ABrowserMayDoWhatTheBucketsCorsSays) {
    host_.patch("/storage/v1/b/media",
                {{"cors", json::array{json::object{{"origin", {"https://wp.example"}},
                                                   {"method", {"GET", "PUT"}},
                                                   {"responseHeader", {"Content-Type"}},
                                                   {"maxAgeSeconds", 60}}}}});
    put("/media/o", "hello");
    auto const preflight = [&](std::string const& origin, std::string const& method) {
        return anonymous("OPTIONS", "/media/o",
                         {{"Origin", origin}, {"Access-Control-Request-Method", method}});
    };
    auto const allowed = preflight("https://wp.example", "PUT");
    EXPECT_EQ(allowed.status, 200);
    EXPECT_EQ(allowed.header("Access-Control-Allow-Origin"), "https://wp.example");
    EXPECT_EQ(allowed.header("Access-Control-Allow-Methods"), "GET, PUT");
    EXPECT_EQ(allowed.header("Access-Control-Allow-Headers"), "Content-Type");
    EXPECT_EQ(allowed.header("Access-Control-Max-Age"), "60");
    EXPECT_EQ(preflight("https://other.example", "PUT").header("Access-Control-Allow-Origin"), "");
    EXPECT_EQ(preflight("https://wp.example", "DELETE").header("Access-Control-Allow-Origin"), "");
    auto const read = get("/media/o", {{"Origin", "https://wp.example"}});
    EXPECT_EQ(read.header("Access-Control-Allow-Origin"), "https://wp.example");
    EXPECT_EQ(read.header("Access-Control-Expose-Headers"), "Content-Type");
}

TEST_F(XmlApiTest, RequestsAreJournaledByTheirKind) {
    put("/media/o", "hello");
    get("/media/none");
    auto const entries = testing::must(read_requests(journal_file(host_.data())));
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[1].at("method"), "storage.xml.put");
    EXPECT_EQ(entries[1].at("status"), 200);
    EXPECT_EQ(entries[2].at("method"), "storage.xml.get");
    EXPECT_THAT(std::string(entries[2].at("error").as_string()), HasSubstr("media/none"));
}

}  // namespace
}  // namespace aipress::sandbox
