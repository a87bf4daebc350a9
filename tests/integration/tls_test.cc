// TLS against a server with a certificate made for the test: connections, the binary log's stream,
// a whole move; and what is refused.
//
// Not caching_sha2_password, which is MySQL 8's: no server here speaks it.
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "base/subprocess.h"
#include "mysql/binlog/stream.h"
#include "testing/aipress_process.h"
#include "testing/database_server.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress {
namespace {

using mysql::TlsMode;
using ::testing::AllOf;
using testing::DatabaseServer;
using testing::HasError;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::must;
using testing::test_context;

// A certificate authority and one server certificate of it, for 127.0.0.1.
class Certificates {
public:
    static Result<Certificates> make() {
        Certificates made(TRY(testing::TemporaryDirectory::make()));
        TRY(made.openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                          "/CN=Test authority", "-keyout", made.file("ca.key"), "-out",
                          made.file("ca.pem")}));
        TRY(made.openssl({"req",
                          "-x509",
                          "-newkey",
                          "rsa:2048",
                          "-nodes",
                          "-days",
                          "2",
                          "-subj",
                          "/CN=database",
                          "-addext",
                          "subjectAltName=IP:127.0.0.1",
                          "-addext",
                          "basicConstraints=critical,CA:FALSE",
                          "-CA",
                          made.file("ca.pem"),
                          "-CAkey",
                          made.file("ca.key"),
                          "-keyout",
                          made.file("server.key"),
                          "-out",
                          made.file("server.pem")}));
        return made;
    }

    [[nodiscard]] std::string file(std::string_view name) const {
        return (folder_ / name).string();
    }
    [[nodiscard]] std::string authority() const { return file("ca.pem"); }
    [[nodiscard]] std::vector<std::string> server_settings() const {
        return {"ssl_ca=" + file("ca.pem"), "ssl_cert=" + file("server.pem"),
                "ssl_key=" + file("server.key")};
    }

private:
    explicit Certificates(testing::TemporaryDirectory folder) : folder_(std::move(folder)) {}

    Result<void> openssl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "openssl");
        auto const result = TRY(run_process(test_context(), {.arguments = arguments}));
        if (result.status.success()) return {};
        return Error(ErrorCode::Internal, "openssl: " + result.standard_error);
    }

    testing::TemporaryDirectory folder_;
};

class TlsTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        certificates_.emplace(must(Certificates::make()));
        strangers_.emplace(must(Certificates::make()));
        secure_.emplace(
            must(DatabaseServer::start({.settings = certificates_->server_settings()})));
        plain_.emplace(must(DatabaseServer::start({.server_id = 2})));
    }
    static void TearDownTestSuite() {
        secure_.reset();
        plain_.reset();
        certificates_.reset();
        strangers_.reset();
    }

    static mysql::Endpoint secure(TlsMode mode, std::string const& authority) {
        auto endpoint = secure_->root();
        endpoint.tls = mode;
        endpoint.tls_ca = authority;
        return endpoint;
    }

    static std::string cipher_of(mysql::Connection& connection) {
        auto const rows =
            must(connection.query(test_context(), "SHOW SESSION STATUS LIKE 'Ssl_cipher'"));
        return rows.text(0, "Value");
    }

    static std::optional<Certificates> certificates_;
    static std::optional<Certificates> strangers_;
    static std::optional<DatabaseServer> secure_;
    static std::optional<DatabaseServer> plain_;
};

std::optional<Certificates> TlsTest::certificates_;
std::optional<Certificates> TlsTest::strangers_;
std::optional<DatabaseServer> TlsTest::secure_;
std::optional<DatabaseServer> TlsTest::plain_;

TEST_F(TlsTest, AConnectionIsEncryptedWhenAsked) {
    for (auto const& endpoint :
         {secure(TlsMode::Required, certificates_->authority()), secure(TlsMode::Required, ""),
          secure(TlsMode::Verified, certificates_->authority())}) {
        auto connection = mysql::Connection::open(test_context(), endpoint);
        ASSERT_THAT(connection, IsOk()) << endpoint.tls_ca;
        EXPECT_NE(cipher_of(connection.value()), "");
    }
    auto plain = must(mysql::Connection::open(test_context(), secure(TlsMode::Disabled, "")));
    EXPECT_EQ(cipher_of(plain), "");
}

TEST_F(TlsTest, TheWrongAuthorityIsRefused) {
    for (auto const mode : {TlsMode::Verified, TlsMode::Required}) {
        EXPECT_THAT(mysql::Connection::open(test_context(), secure(mode, strangers_->authority())),
                    HasError(ErrorCode::Unauthenticated,
                             AllOf(HasSubstr("TLS"), HasSubstr("certificate"))));
    }
    // Nor is the system's list of authorities enough for one of our own making.
    EXPECT_FALSE(mysql::Connection::open(test_context(), secure(TlsMode::Verified, "")).ok());
}

TEST_F(TlsTest, TheWrongHostNameIsRefused) {
    // The certificate speaks of 127.0.0.1.
    auto endpoint = secure(TlsMode::Verified, certificates_->authority());
    endpoint.host = "localhost";
    auto const connection = mysql::Connection::open(test_context(), endpoint);
    ASSERT_FALSE(connection.ok());
    EXPECT_THAT(connection.error().message(), HasSubstr("TLS"));
}

TEST_F(TlsTest, AServerWithoutTlsIsRefused) {
    auto endpoint = plain_->root();
    endpoint.tls = TlsMode::Required;
    EXPECT_THAT(mysql::Connection::open(test_context(), endpoint),
                HasError(ErrorCode::Unauthenticated, HasSubstr("TLS")));
}

TEST_F(TlsTest, AnAuthorityThatIsNoFileIsRefused) {
    auto const endpoint = secure(TlsMode::Required, certificates_->file("missing.pem"));
    auto const connection = mysql::Connection::open(test_context(), endpoint);
    ASSERT_FALSE(connection.ok());
    EXPECT_THAT(connection.error().message(), HasSubstr("TLS"));
}

TEST_F(TlsTest, TheBinaryLogIsFollowed) {
    constexpr std::size_t kRows = 20'000;
    secure_->execute("CREATE DATABASE followed");
    secure_->execute("CREATE TABLE followed.t (id INT PRIMARY KEY, body VARCHAR(300))");
    auto admin = secure_->connect_root();
    auto const from = must(mysql::binlog::current_position(test_context(), admin));
    secure_->execute(fmt::format(
        "INSERT INTO followed.t SELECT seq, REPEAT('x', 300) FROM followed.seq_1_to_{}", kRows));
    auto stream = must(mysql::binlog::Stream::open(
        test_context(), secure(TlsMode::Verified, certificates_->authority()), from,
        [](std::string_view schema, std::string_view) {
            return mysql::binlog::TableInterest{schema == "followed", {true}};
        },
        {.server_id = 4711}));
    std::size_t rows = 0;
    while (rows < kRows) {
        for (auto const& event : must(stream.next(test_context()))) {
            if (auto const* changes = std::get_if<mysql::binlog::Rows>(&event.body)) {
                rows += changes->changes.size();
            }
        }
    }
    EXPECT_EQ(rows, kRows);
}

TEST_F(TlsTest, ADatabaseMovesThere) {
    auto const target =
        must(DatabaseServer::start({.server_id = 3, .settings = certificates_->server_settings()}));
    secure_->execute("CREATE DATABASE wp");
    secure_->execute("CREATE TABLE wp.posts (id INT PRIMARY KEY, body TEXT)");
    secure_->execute("INSERT INTO wp.posts SELECT seq, REPEAT('x', 1000) FROM wp.seq_1_to_2000");
    // An account that may not come in plain text.
    for (DatabaseServer const* server : {static_cast<DatabaseServer const*>(&*secure_), &target}) {
        server->execute("CREATE USER 'mover'@'127.0.0.1' IDENTIFIED BY 'secret' REQUIRE SSL");
        server->execute("GRANT ALL ON *.* TO 'mover'@'127.0.0.1' WITH GRANT OPTION");
    }
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const move = [&](std::string const& journal, std::string const& query) {
        return must(testing::run_aipress(
            test_context(),
            {"database", "move", "--source", secure_->url("mover", "secret", "wp") + query,
             "--target", target.url("mover", "secret", "wp") + query, "--journal",
             (folder / journal).string(), "--reverse", "none", "--format", "json"}));
    };
    auto const plain = move("plain", "");
    EXPECT_EQ(plain.status.code, 1) << plain.describe();
    EXPECT_THAT(plain.error, HasSubstr("Access denied"));
    auto const moved = move("moved", "?tls=required&ca=" + certificates_->authority());
    EXPECT_EQ(moved.status.code, 0) << moved.describe();
    EXPECT_EQ(must(moved.json()).at("state"), "finalized");
    EXPECT_EQ(target.scalar("SELECT COUNT(*) FROM wp.posts"), "2000");
}

}  // namespace
}  // namespace aipress
