// Against the published vectors: "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega, as
// submitted to NIST, appendix B, test cases 13, 14 and 16.
#include "http/cipher.h"

#include <gmock/gmock.h>
#include <set>

#include "testing/status_matchers.h"

namespace aipress::http {
namespace {

using testing::HasCode;
using testing::must;

std::string bytes(std::string_view hexadecimal) {
    std::string all;
    for (std::size_t at = 0; at < hexadecimal.size(); at += 2) {
        all += static_cast<char>(std::stoi(std::string(hexadecimal.substr(at, 2)), nullptr, 16));
    }
    return all;
}

struct Vector {
    std::string key;
    std::string nonce;
    std::string additional;
    std::string plain;
    std::string sealed;
};

std::vector<Vector> vectors() {
    std::string const zero_key(kCipherKeyBytes, '\0');
    std::string const zero_nonce(kCipherNonceBytes, '\0');
    return {
        {zero_key, zero_nonce, "", "", bytes("530f8afbc74536b9a963b4f1c4cb738b")},
        {zero_key, zero_nonce, "", std::string(16, '\0'),
         bytes("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")},
        {bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
         bytes("cafebabefacedbaddecaf888"), bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
         bytes("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
               "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
         bytes("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
               "76fc6ece0f4e1768cddf8853bb2d551b")},
    };
}

TEST(CipherTest, PublishedVectorsOfAes256Gcm) {
    for (auto const& vector : vectors()) {
        EXPECT_EQ(must(seal(vector.key, vector.nonce, vector.additional, vector.plain)),
                  vector.sealed);
        EXPECT_EQ(must(open_sealed(vector.key, vector.nonce, vector.additional, vector.sealed)),
                  vector.plain);
    }
}

TEST(CipherTest, NoBitOfItCanBeChanged) {
    auto const vector = vectors().back();
    auto const opens = [](Vector const& it) {
        return open_sealed(it.key, it.nonce, it.additional, it.sealed);
    };
    ASSERT_TRUE(opens(vector).ok());
    for (auto const part : {&Vector::key, &Vector::nonce, &Vector::additional, &Vector::sealed}) {
        for (std::size_t at = 0; at < (vector.*part).size(); ++at) {
            auto changed = vector;
            (changed.*part)[at] = static_cast<char>((changed.*part)[at] ^ 1);
            EXPECT_THAT(opens(changed), HasCode(ErrorCode::DataLoss));
        }
    }
    auto shorter = vector;
    shorter.sealed.resize(kCipherTagBytes - 1);
    EXPECT_THAT(opens(shorter), HasCode(ErrorCode::DataLoss));
}

TEST(CipherTest, WrongLengthsAreRefused) {
    std::string const key(kCipherKeyBytes, 'k');
    std::string const nonce(kCipherNonceBytes, 'n');
    EXPECT_THAT(seal("short", nonce, "", "x"), HasCode(ErrorCode::InvalidArgument));
    EXPECT_THAT(open_sealed(key, "n", "", "x"), HasCode(ErrorCode::InvalidArgument));
}

TEST(CipherTest, RandomBytesAreNotTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(must(random_bytes(kCipherNonceBytes)));
    EXPECT_EQ(seen.size(), 100u);
}

}  // namespace
}  // namespace aipress::http
