// Base64, gzip, checksums: against values from the standards that define them.
#include <gmock/gmock.h>

#include "sandbox/base64.h"
#include "sandbox/checksums.h"
#include "sandbox/gzip.h"
#include "sandbox/utf8.h"
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

// RFC 6234, 8.5, and FIPS 180-4's own empty message.
TEST(ChecksumsTest, Sha256) {
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 3629, sections 4 and 10.
TEST(Utf8Test, OnlyWhatIsWrittenAsItMustBe) {
    for (auto const* const text : {"", "a\n", "\xC2\x80", "\xE2\x89\xA2", "\xED\x9F\xBF",
                                   "\xEE\x80\x80", "\xF0\xA3\x8E\xB4", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (auto const* const text :
         {"\xFF", "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xE2\x89", "\xE2\x28\xA1", "\xC2"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
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
