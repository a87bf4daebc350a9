#include "http/certificates.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::http {
namespace {

using testing::HasError;
using ::testing::HasSubstr;
using testing::must;
using testing::TemporaryDirectory;

TEST(CertificateAuthorityTest, IsTheSameWhenOpenedAgain) {
    auto const folder = must(TemporaryDirectory::make());
    auto const first = must(CertificateAuthority::open(folder.path()));
    auto const again = must(CertificateAuthority::open(folder.path()));
    EXPECT_EQ(first.certificate(), again.certificate());
    auto const key = folder.path() / "ca.key";
    EXPECT_EQ(std::filesystem::status(key).permissions() & std::filesystem::perms::all,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(CertificateAuthorityTest, DamageIsToldWithItsCure) {
    auto const folder = must(TemporaryDirectory::make());
    must(CertificateAuthority::open(folder.path()));
    std::ofstream(folder.path() / "ca.key") << "nonsense";
    EXPECT_THAT(CertificateAuthority::open(folder.path()),
                HasError(ErrorCode::FailedPrecondition, HasSubstr("remove ca.pem and ca.key")));
}

TEST(CertificateAuthorityTest, ANameCannotSmuggleInAnother) {
    auto const folder = must(TemporaryDirectory::make());
    auto const authority = must(CertificateAuthority::open(folder.path()));
    for (auto const* name : {"", "a,DNS:b", "a b", "a\nb", "a/b"}) {
        EXPECT_FALSE(authority.issue(name).ok()) << name;
    }
    EXPECT_TRUE(authority.issue("sqladmin.googleapis.com").ok());
    EXPECT_TRUE(authority.issue("127.0.0.1").ok());
    EXPECT_TRUE(authority.issue("::1").ok());
}

}  // namespace
}  // namespace aipress::http
