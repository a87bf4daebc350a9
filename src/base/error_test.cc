#include "base/error.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace aipress {
namespace {

// google/rpc/code.proto: the numbers are part of the API.
TEST(ErrorTest, codes_have_googles_names_and_numbers) {
    std::pair<int, std::string> const expected[] = {
        {1, "CANCELLED"},           {2, "UNKNOWN"},
        {3, "INVALID_ARGUMENT"},    {4, "DEADLINE_EXCEEDED"},
        {5, "NOT_FOUND"},           {6, "ALREADY_EXISTS"},
        {7, "PERMISSION_DENIED"},   {8, "RESOURCE_EXHAUSTED"},
        {9, "FAILED_PRECONDITION"}, {10, "ABORTED"},
        {11, "OUT_OF_RANGE"},       {12, "UNIMPLEMENTED"},
        {13, "INTERNAL"},           {14, "UNAVAILABLE"},
        {15, "DATA_LOSS"},          {16, "UNAUTHENTICATED"},
    };
    for (auto const& [number, name] : expected) {
        EXPECT_EQ(to_string(static_cast<ErrorCode>(number)), name);
    }
}

TEST(ErrorTest, context_goes_in_front_and_the_rest_stays) {
    auto const error = Error(ErrorCode::Unavailable, "server has gone away")
                           .with_native_code(2006)
                           .in_context("range 17")
                           .in_context("copying wp_posts");
    EXPECT_EQ(error.message(), "copying wp_posts: range 17: server has gone away");
    EXPECT_EQ(error.code(), ErrorCode::Unavailable);
    EXPECT_EQ(error.native_code(), 2006U);
}

}  // namespace
}  // namespace aipress
