// Base64, gzip, checksums: against values from the standards that define them.
#include <gmock/gmock.h>

#include "sandbox/base64.h"
#include "sandbox/checksums.h"
#include "sandbox/gzip.h"
#include "testing/status_matchers.h"

namespace aipress::sandbox {
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

TEST(GzipTest, WhatIsCompressedComesBackWithinItsBound) {
    std::string const text(100'000, 'a');
    auto const compressed = compress_gzip(text);
    EXPECT_LT(compressed.size(), 1000u);
    EXPECT_EQ(testing::must(decompress_gzip(compressed, text.size())), text);
    EXPECT_THAT(decompress_gzip(compressed, text.size() - 1),
                testing::HasCode(ErrorCode::ResourceExhausted));
    for (auto const& none : {std::string("text"), compressed.substr(0, 50), compressed + "x"}) {
        EXPECT_THAT(decompress_gzip(none, text.size()),
                    testing::HasCode(ErrorCode::InvalidArgument));
    }
}

}  // namespace
}  // namespace aipress::sandbox
