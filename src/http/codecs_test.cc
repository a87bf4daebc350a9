// Base64 and checksums: against values from the standards that define them.
#include <gmock/gmock.h>

#include "http/base64.h"
#include "http/checksums.h"

namespace aipress::http {
namespace {

TEST(Base64Test, TestVectorsOfRfc4648) {
    std::string const text = "foobar";
    std::vector<std::string> const encoded{"",         "Zg==",     "Zm8=",    "Zm9v",
                                           "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (std::size_t i = 0; i <= text.size(); ++i) {
        EXPECT_EQ(encode_base64(text.substr(0, i)), encoded[i]);
        EXPECT_EQ(decode_base64(encoded[i]), text.substr(0, i));
    }
    EXPECT_EQ(decode_base64("-_8"), decode_base64("+/8="));
    EXPECT_EQ(encode_base64url("\xfb\xff"), "-_8");
    EXPECT_EQ(decode_base64("Zg"), "f");
    for (auto const* const none : {"Z", "Zg===", "Z g=", "=", "Zg==Zg=="}) {
        EXPECT_EQ(decode_base64(none), std::nullopt) << none;
    }
}

TEST(ChecksumsTest, Md5OfRfc1321AndCrc32cOfRfc3720) {
    Checksums sums;
    sums.add("mess");
    sums.add("age digest");
    EXPECT_EQ(sums.md5(), encode_base64("\xf9\x6b\x69\x7d\x7c\xb7\x93\x8d\x52\x5a\x2f\x31\xaa\xf1"
                                        "\x61\xd0"));
    EXPECT_EQ(crc32c_of(std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(crc32c_of(std::string(32, '\xff')), 0x62a8ab43u);
    Checksums zeros;
    zeros.add(std::string(32, '\0'));
    EXPECT_EQ(zeros.crc32c(), encode_base64("\x8a\x91\x36\xaa"));
    EXPECT_EQ(Checksums().md5(), "1B2M2Y8AsgTpgAmY7PhCfg==");
    EXPECT_EQ(Checksums().crc32c(), "AAAAAA==");
}

// In whatever pieces and at whatever place in memory they come, with the processor's instruction
// and without.
TEST(ChecksumsTest, Crc32cDependsOnTheBytesAlone) {
    EXPECT_EQ(portable_crc32c_of(std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(portable_crc32c_of("123456789"), 0xe3069283u);  // RFC 3720's polynomial, check value
    std::string bytes;
    std::uint32_t number = 1;
    for (int i = 0; i < 1'000; ++i) {
        number = number * 1'664'525 + 1'013'904'223;
        bytes += static_cast<char>(number >> 24);
    }
    std::string_view const all = bytes;
    for (std::size_t first = 0; first < 40; ++first) {
        for (std::size_t length = 0; length < 40; ++length) {
            auto const part = all.substr(first, length);
            EXPECT_EQ(crc32c_of(part), portable_crc32c_of(part)) << first << " " << length;
        }
        Checksums whole;
        whole.add(all);
        Checksums parts;
        parts.add(all.substr(0, first));
        parts.add(all.substr(first));
        EXPECT_EQ(parts.crc32c(), whole.crc32c()) << first;
    }
}

}  // namespace
}  // namespace aipress::http
