#include "mysql/endpoint.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace aipress::mysql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(EndpointTest, reads_every_part) {
    auto const endpoint =
        parse_url("mysql://wp:secret@db.example:3307/blog?tls=verified&ca=ca.pem");
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message();
    EXPECT_EQ(endpoint->user, "wp");
    EXPECT_EQ(endpoint->password, "secret");
    EXPECT_EQ(endpoint->host, "db.example");
    EXPECT_EQ(endpoint->port, 3307);
    EXPECT_EQ(endpoint->database, "blog");
    EXPECT_EQ(endpoint->tls, TlsMode::Verified);
    EXPECT_EQ(endpoint->tls_ca, "ca.pem");
}

TEST(EndpointTest, what_is_not_said_has_a_default) {
    auto const endpoint = parse_url("mysql://root@localhost");
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message();
    EXPECT_EQ(endpoint->port, 3306);
    EXPECT_EQ(endpoint->password, "");
    EXPECT_EQ(endpoint->database, "");
    EXPECT_EQ(endpoint->tls, TlsMode::Disabled);
}

TEST(EndpointTest, percent_encoding_and_awkward_passwords) {
    EXPECT_EQ(parse_url("mysql://u%40x:p%2F%3A%40%25@h/d%20b")->user, "u@x");
    EXPECT_EQ(parse_url("mysql://u%40x:p%2F%3A%40%25@h/d%20b")->password, "p/:@%");
    EXPECT_EQ(parse_url("mysql://u%40x:p%2F%3A%40%25@h/d%20b")->database, "d b");
    auto const at = parse_url("mysql://u:p@ss:w@h:1/d");
    ASSERT_TRUE(at.ok());
    EXPECT_EQ(at->password, "p@ss:w");
    EXPECT_EQ(at->host, "h");
}

TEST(EndpointTest, ipv6_hosts_stand_in_brackets) {
    auto const endpoint = parse_url("mysql://u@[::1]:3307/d");
    ASSERT_TRUE(endpoint.ok()) << endpoint.error().message();
    EXPECT_EQ(endpoint->host, "::1");
    EXPECT_EQ(endpoint->port, 3307);
    EXPECT_EQ(parse_url("mysql://u@[fe80::2]/d")->host, "fe80::2");
    EXPECT_FALSE(parse_url("mysql://u@[::1/d").ok());
}

TEST(EndpointTest, a_ca_alone_asks_for_tls) {
    EXPECT_EQ(parse_url("mysql://u@h/d?ca=ca.pem")->tls, TlsMode::Required);
    EXPECT_EQ(parse_url("mysql://u@h/d?tls=verified&ca=ca.pem")->tls, TlsMode::Verified);
}

struct BadUrl {
    char const* url;
    char const* names;  // what the message must name
};

class BadUrlTest : public ::testing::TestWithParam<BadUrl> {};

TEST_P(BadUrlTest, is_an_error_that_names_the_part) {
    auto const endpoint = parse_url(GetParam().url);
    ASSERT_FALSE(endpoint.ok()) << GetParam().url;
    EXPECT_EQ(endpoint.error().code(), ErrorCode::InvalidArgument);
    EXPECT_THAT(endpoint.error().message(), HasSubstr(GetParam().names));
    EXPECT_THAT(endpoint.error().message(), Not(HasSubstr("secret")));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUrlTest,
    ::testing::Values(BadUrl{"", "mysql://"}, BadUrl{"postgres://u:secret@h/d", "mysql://"},
                      BadUrl{"mysql://h/d", "user"}, BadUrl{"mysql://:secret@h/d", "user"},
                      BadUrl{"mysql://u:secret@/d", "host"}, BadUrl{"mysql://u@h:/d", "port"},
                      BadUrl{"mysql://u@h:0/d", "port"}, BadUrl{"mysql://u@h:65536/d", "port"},
                      BadUrl{"mysql://u@h:33x/d", "port"}, BadUrl{"mysql://u@h:-1/d", "port"},
                      BadUrl{"mysql://u:secret%4@h/d", "password"},
                      BadUrl{"mysql://u:secret%zz@h/d", "password"},
                      BadUrl{"mysql://u%@h/d", "user"}, BadUrl{"mysql://u@h/d?tls=yes", "tls"},
                      BadUrl{"mysql://u@h/d?colour=red", "colour"},
                      BadUrl{"mysql://u@h/d?password-env=AIPRESS_NO_SUCH", "AIPRESS_NO_SUCH"},
                      BadUrl{"mysql://u@h/d?password-file=no/such/file", "no/such/file"}));

TEST(EndpointTest, the_password_may_come_from_a_file_or_the_environment) {
    auto const file = std::filesystem::temp_directory_path() /
                      fmt::format("aipress-endpoint-test-{}", ::getpid());
    std::ofstream(file) << "from file\nsecond line\n";
    auto const from_file = parse_url("mysql://u@h/d?password-file=" + file.string());
    std::filesystem::remove(file);
    ASSERT_TRUE(from_file.ok()) << from_file.error().message();
    EXPECT_EQ(from_file->password, "from file");

    ::setenv("AIPRESS_ENDPOINT_TEST", "from environment", 1);
    EXPECT_EQ(parse_url("mysql://u@h/d?password-env=AIPRESS_ENDPOINT_TEST")->password,
              "from environment");
    ::unsetenv("AIPRESS_ENDPOINT_TEST");
}

TEST(EndpointTest, display_never_shows_the_password) {
    auto const endpoint = parse_url("mysql://wp:secret@db:3307/blog");
    ASSERT_TRUE(endpoint.ok());
    EXPECT_EQ(endpoint->display(), "wp@db:3307/blog");
}

}  // namespace
}  // namespace aipress::mysql
