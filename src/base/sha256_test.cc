#include "base/sha256.h"

#include <gtest/gtest.h>

namespace aipress {
namespace {

// RFC 6234, 8.5, and FIPS 180-4's own empty message.
TEST(Sha256Test, OfPiecesAsOfTheWhole) {
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 pieces;
    for (auto const* const piece : {"a", "", "bc"}) pieces.add(piece);
    EXPECT_EQ(pieces.hex(), sha256_hex("abc"));
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace aipress
