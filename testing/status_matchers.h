// EXPECT_THAT(call(), IsOk()); EXPECT_THAT(call(), HasCode(ErrorCode::NotFound));
// auto server = must(DatabaseServer::start({}));
#pragma once

#include <gmock/gmock.h>
#include <string>

#include "testing/must.h"

namespace aipress::testing {

MATCHER(IsOk, negation ? "is an error" : "is ok") {
    if (arg.ok()) return true;
    *result_listener << to_string(arg.error().code()) << ": " << arg.error().message();
    return false;
}

MATCHER_P(HasCode, code,
          std::string(negation ? "has not" : "has") + " code " + std::string(to_string(code))) {
    if (arg.ok()) {
        *result_listener << "is ok";
        return false;
    }
    *result_listener << to_string(arg.error().code()) << ": " << arg.error().message();
    return arg.error().code() == code;
}

MATCHER_P2(HasError, code, message_matcher,
           std::string("has code ") + std::string(to_string(code)) + " and a message that " +
               ::testing::DescribeMatcher<std::string>(message_matcher)) {
    if (arg.ok()) {
        *result_listener << "is ok";
        return false;
    }
    *result_listener << to_string(arg.error().code()) << ": " << arg.error().message();
    return arg.error().code() == code &&
           ::testing::ExplainMatchResult(message_matcher, arg.error().message(), result_listener);
}

}  // namespace aipress::testing
