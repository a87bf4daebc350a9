// URLs signed by service accounts' keys, as Google's clients sign them.
#include "sandbox/storage/signed_url.h"

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/sha256.h"
#include "http/base64.h"
#include "http/rsa_key.h"
#include "testing/fake_clock.h"
#include "testing/sandbox_host.h"
#include "testing/status_matchers.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpHeaders;
using testing::must;

constexpr auto kDate = "19700101T000001Z";  // the fake clock's beginning
constexpr auto kScope = "19700101/auto/storage/goog4_request";

std::string hex(std::string_view bytes) {
    std::string digits;
    for (char const c : bytes) digits += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return digits;
}

std::string percent(std::string_view text) {
    std::string encoded;
    for (char const c : text) {
        bool const is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ||
                              c == '.' || c == '_' || c == '~';
        encoded +=
            is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

class SignedUrlTest : public ::testing::Test {
protected:
    using Sign = std::function<std::string(std::string const&)>;

    void SetUp() override {
        host_.post("/storage/v1/b?project=sandbox-project", {{"name", "media"}});
        auto const made = host_.post(accounts_, {{"accountId", "signer"}});
        ASSERT_EQ(made.status, 200) << made.text;
        auto const key = host_.post(accounts_ + "/" + email_ + "/keys", json::object());
        ASSERT_EQ(key.status, 200) << key.text;
        key_name_ = std::string(key.body.at("name").as_string());
        auto const file = json::parse(
            *http::decode_base64(std::string(key.body.at("privateKeyData").as_string())));
        pem_ = std::string(file.at("private_key").as_string());
        host_.call("PUT", "/media/o", "hello");
    }
    std::string sign(std::string const& text) const {
        return must(must(http::RsaKey::from_private_pem(pem_)).sign(text));
    }
    std::string host() const { return fmt::format("127.0.0.1:{}", host_.port()); }

    struct V4 {
        std::string verb = "GET";
        std::string path = "/media/o";
        std::string host = {};  // empty: that of the server
        std::string expires = "60";
        std::string date = kDate;
        HttpHeaders headers = {};  // signed beside the host, in order of their names
        std::string more = {};     // of the query, in front of all others
    };
    // The query of the signed URL.
    std::string v4(V4 const& what, Sign const& signer) {
        auto lines = fmt::format("host:{}\n", what.host.empty() ? host() : what.host);
        std::string names = "host";
        for (auto const& [name, value] : what.headers) {
            lines += fmt::format("{}:{}\n", name, value);
            names += ";" + name;
        }
        auto const query = fmt::format(
            "{}X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential={}&X-Goog-Date={}&"
            "X-Goog-Expires={}&X-Goog-SignedHeaders={}",
            what.more, percent(email_ + "/" + kScope), what.date, what.expires, percent(names));
        auto const canonical = fmt::format("{}\n{}\n{}\n{}\n{}\nUNSIGNED-PAYLOAD", what.verb,
                                           what.path, query, lines, names);
        auto const text =
            fmt::format("GOOG4-RSA-SHA256\n{}\n{}\n{}", what.date, kScope, sha256_hex(canonical));
        return what.path + "?" + query + "&X-Goog-Signature=" + hex(signer(text));
    }
    std::string v4(V4 const& what) {
        return v4(what, [&](std::string const& text) { return sign(text); });
    }
    std::string v2(std::string const& text, std::string const& path, std::uint64_t expires) {
        return fmt::format("{}?GoogleAccessId={}&Expires={}&Signature={}", path, percent(email_),
                           expires, percent(http::encode_base64(sign(text))));
    }
    // Without any other credentials.
    HttpAnswer send(std::string const& verb, std::string const& path, std::string body = "",
                    HttpHeaders headers = {}) {
        testing::HttpClient client;
        return client.send({.verb = verb,
                            .url = host_.url() + path,
                            .body = std::move(body),
                            .headers = std::move(headers)});
    }
    static std::string code(HttpAnswer const& answer) {
        auto const begin = answer.text.find("<Code>");
        if (begin == std::string::npos) return answer.text;
        return answer.text.substr(begin + 6, answer.text.find("</Code>") - begin - 6);
    }

    std::string const accounts_ = "/v1/projects/sandbox-project/serviceAccounts";
    std::string const email_ = "signer@sandbox-project.iam.gserviceaccount.com";
    std::string pem_;
    std::string key_name_;
    testing::FakeClock clock_;
    testing::SandboxHost host_{clock_};
};

TEST_F(SignedUrlTest, Version4ReadsAndWrites) {
    EXPECT_EQ(send("GET", v4({})).text, "hello");
    EXPECT_EQ(send("HEAD", v4({.verb = "HEAD"})).status, 200);
    EXPECT_EQ(send("GET", v4({.host = "127.0.0.1"})).text, "hello");
    EXPECT_EQ(send("GET", v4({.more = "A=1&"})).text, "hello");
    auto const put = v4({.verb = "PUT",
                         .path = "/media/dir/new%20one",
                         .headers = {{"content-type", "image/png"}, {"x-goog-meta-a", "b c"}}});
    EXPECT_EQ(
        send("PUT", put, "bytes", {{"Content-Type", "image/png"}, {"x-goog-meta-a", "  b   c "}})
            .status,
        200);
    EXPECT_EQ(send("GET", v4({.path = "/media/dir/new%20one"})).header("Content-Type"),
              "image/png");
    auto const virtual_host = v4({.path = "/o", .host = "media.storage.googleapis.com"});
    EXPECT_EQ(send("GET", virtual_host, "", {{"Host", "media.storage.googleapis.com"}}).text,
              "hello");
    EXPECT_EQ(send("DELETE", v4({.verb = "DELETE"})).status, 204);
}

TEST_F(SignedUrlTest, Version2ReadsAndWrites) {
    EXPECT_EQ(send("GET", v2("GET\n\n\n60\n/media/o", "/media/o", 60)).text, "hello");
    auto const put = v2("PUT\n\nimage/png\n60\nx-goog-meta-a:b\n/media/new", "/media/new", 60);
    EXPECT_EQ(send("PUT", put, "x", {{"Content-Type", "image/png"}, {"x-goog-meta-a", "b"}}).status,
              200);
    EXPECT_EQ(code(send("PUT", put, "x", {{"Content-Type", "text/html"}, {"x-goog-meta-a", "b"}})),
              "SignatureDoesNotMatch");
    auto const start =
        send("POST", v2("POST\n\n\n60\nx-goog-resumable:start\n/media/r", "/media/r", 60), "",
             {{"x-goog-resumable", "start"}, {"Content-Type", ""}});
    ASSERT_EQ(start.status, 201) << start.text;
    auto const location = start.header("Location").substr(host_.url().size());
    EXPECT_EQ(send("PUT", location, "whole").status, 200);
    EXPECT_EQ(host_.get("/media/r").text, "whole");
}

TEST_F(SignedUrlTest, AnotherRequestThanTheSignedOneIsRefused) {
    auto const url = v4({});
    auto const other = send("PUT", url, "x");
    EXPECT_EQ(other.status, 403);
    EXPECT_EQ(code(other), "SignatureDoesNotMatch");
    EXPECT_THAT(other.text, HasSubstr("<CanonicalRequest>PUT\n/media/o\n"));
    EXPECT_THAT(other.text, HasSubstr("<StringToSign>GOOG4-RSA-SHA256\n"));
    EXPECT_EQ(code(send("GET", url + "&generation=1")), "SignatureDoesNotMatch");
    EXPECT_EQ(code(send("GET", "/media/other" + url.substr(url.find('?')))),
              "SignatureDoesNotMatch");
    EXPECT_EQ(code(send("GET", url, "", {{"Host", "other.example"}})), "SignatureDoesNotMatch");
    EXPECT_EQ(code(send("GET", url.substr(0, url.size() - 2))), "SignatureDoesNotMatch");
    auto const forged = v2("GET\n\n\n60\n/media/o", "/media/o", 61);
    EXPECT_EQ(code(send("GET", forged)), "SignatureDoesNotMatch");
    EXPECT_EQ(send("GET", url).status, 200);
}

TEST_F(SignedUrlTest, ItIsGoodForItsTime) {
    auto const four = v4({.expires = "60"});
    auto const two = v2("GET\n\n\n61\n/media/o", "/media/o", 61);
    clock_.advance(std::chrono::seconds(60));
    EXPECT_EQ(send("GET", four).status, 200);
    EXPECT_EQ(send("GET", two).status, 200);
    clock_.advance(std::chrono::seconds(1));
    for (auto const& url : {four, two}) {
        auto const late = send("GET", url);
        EXPECT_EQ(late.status, 400);
        EXPECT_EQ(code(late), "ExpiredToken");
        EXPECT_THAT(late.text, HasSubstr("Request signature expired at: 1970-01-01T00:01:01"));
    }
    EXPECT_EQ(code(send("GET", v4({.date = "19700101T010000Z"}))), "AccessDenied");
}

TEST_F(SignedUrlTest, WhatIsMalformedIsNamed) {
    for (auto const& what : {V4{.expires = "604801"}, V4{.expires = "0"}, V4{.expires = "soon"},
                             V4{.date = "yesterday"}, V4{.date = "19700102T000000Z"},
                             V4{.headers = {{"x-goog-missing", "1"}}}}) {
        auto const answer = send("GET", v4(what));
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(code(answer), "MalformedSecurityHeader") << answer.text;
        EXPECT_THAT(answer.text, HasSubstr("<ParameterName>"));
    }
    EXPECT_EQ(code(send("GET", "/media/o?X-Goog-Algorithm=GOOG4-HMAC-SHA256&X-Goog-Signature=00")),
              "MalformedSecurityHeader");
    EXPECT_EQ(code(send("GET", "/media/o?GoogleAccessId=a&Expires=x&Signature=y")),
              "MalformedSecurityHeader");
    EXPECT_EQ(code(send("GET", "/nowhere/o?X-Goog-Signature=00")), "NoSuchBucket");
}

TEST_F(SignedUrlTest, TheKeyMustBeOneOfTheAccounts) {
    auto const url = v4({});
    auto const system = v4({}, [&](std::string const& text) {
        auto const made = host_.post(
            "//iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" + email_ + ":signBlob",
            {{"payload", http::encode_base64(text)}});
        EXPECT_EQ(made.status, 200) << made.text;
        return *http::decode_base64(std::string(made.body.at("signedBlob").as_string()));
    });
    EXPECT_EQ(send("GET", system).status, 200);
    auto const stranger = must(http::RsaKey::generate(1024));
    EXPECT_EQ(
        code(send("GET",
                  v4({}, [&](std::string const& text) { return must(stranger.sign(text)); }))),
        "SignatureDoesNotMatch");
    host_.post("/v1/" + key_name_ + ":disable", json::object());
    EXPECT_EQ(code(send("GET", url)), "SignatureDoesNotMatch");
    EXPECT_EQ(send("GET", system).status, 200);
    host_.post("/v1/" + key_name_ + ":enable", json::object());
    EXPECT_EQ(send("GET", url).status, 200);
    host_.post(accounts_ + "/" + email_ + ":disable", json::object());
    EXPECT_EQ(code(send("GET", system)), "InvalidSecurity");
    host_.remove(accounts_ + "/" + email_);
    EXPECT_EQ(code(send("GET", url)), "InvalidSecurity");
}

}  // namespace
}  // namespace aipress::sandbox
