#include "fleet/home_json.h"

#include <gtest/gtest.h>

namespace aipress::fleet {
namespace {

TEST(HomeJsonTest, WhatIsWrittenIsReadAgain) {
    Home const home{.project = "p",
                    .region = "r",
                    .service = "s",
                    .service_account = "a@p",
                    .instance = "i",
                    .database = "d",
                    .user = "u",
                    .password_secret = "w",
                    .bucket = "b",
                    .prefix = "tenants/t/"};
    auto const again = read_home(to_json(home));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again.value(), home);
}

TEST(HomeJsonTest, AMissingFieldIsNamed) {
    auto fields = to_json({});
    fields.erase("bucket");
    auto const read = read_home(fields);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code(), ErrorCode::InvalidArgument);
    EXPECT_NE(read.error().message().find("bucket"), std::string::npos);
}

}  // namespace
}  // namespace aipress::fleet
