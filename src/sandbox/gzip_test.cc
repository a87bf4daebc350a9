// As RFC 1952 has it, and within a bound.
#include "sandbox/gzip.h"

#include <gmock/gmock.h>

#include "testing/status_matchers.h"

namespace aipress::sandbox {
namespace {

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
