#include "sandbox/storage/object_sums.h"

#include <gtest/gtest.h>
#include <utility>

namespace aipress::sandbox {
namespace {

// No two pieces of it are the same.
std::string bytes_of(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 ^ i >> 9 ^ i >> 17);
    return bytes;
}

TEST(ObjectSumsTest, OfAnySizeInAnyPiecesTheyAreThoseOfTheBytes) {
    for (std::size_t const size : {0u, 1u, 4u << 20, (4u << 20) + 1, 40u << 20}) {
        auto const bytes = bytes_of(size);
        http::Checksums expected;
        expected.add(bytes);
        auto const md5 = expected.md5();
        for (std::size_t const piece : {100'003u, 1u << 20, 64u << 20}) {
            ObjectSums sums;
            for (std::size_t at = 0; at < size; at += piece) {
                auto copy = bytes.substr(at, piece);
                sums.add(copy);
                copy.assign(copy.size(), 'x');  // it is the caller's again
            }
            auto taken = sums.take();
            EXPECT_EQ(taken.crc32c(), expected.crc32c()) << size << " in " << piece;
            EXPECT_EQ(taken.md5(), md5) << size;
        }
    }
}

TEST(ObjectSumsTest, WhoIsMovedGoesOnAndWhoIsGivenUpEnds) {
    auto const bytes = bytes_of(24u << 20);
    ObjectSums first;
    first.add(std::string_view(bytes).substr(0, 20u << 20));
    ObjectSums second(std::move(first));
    second.add(std::string_view(bytes).substr(20u << 20));
    http::Checksums expected;
    expected.add(bytes);
    EXPECT_EQ(second.take().crc32c(), expected.crc32c());
    ObjectSums given_up;
    for (int i = 0; i < 10; ++i) given_up.add(bytes);
}

}  // namespace
}  // namespace aipress::sandbox
