#include "base/result.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace aipress {
namespace {

Result<int> parsed(std::string const& text) {
    if (text.empty()) return Error(ErrorCode::InvalidArgument, "empty");
    return static_cast<int>(text.size());
}

Result<void> checked(bool good) {
    if (!good) return Error(ErrorCode::FailedPrecondition, "not good").with_native_code(1205);
    return {};
}

Result<std::string> doubled(std::string const& text, std::vector<std::string>& trace) {
    TRY(checked(text != "bad"));
    trace.emplace_back("checked");
    auto const length = TRY(parsed(text));
    trace.emplace_back("parsed");
    return std::string(static_cast<std::size_t>(length) * 2, 'x');
}

TEST(ResultTest, try_gives_the_value) {
    std::vector<std::string> trace;
    auto const result = doubled("abc", trace);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result.value(), "xxxxxx");
    EXPECT_EQ(trace, (std::vector<std::string>{"checked", "parsed"}));
}

TEST(ResultTest, try_returns_the_first_error_and_runs_nothing_behind_it) {
    std::vector<std::string> trace;
    auto const result = doubled("bad", trace);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::FailedPrecondition);
    EXPECT_EQ(result.error().native_code(), 1205U);
    EXPECT_TRUE(trace.empty());

    EXPECT_EQ(doubled("", trace).error().code(), ErrorCode::InvalidArgument);
    EXPECT_EQ(trace, std::vector<std::string>{"checked"});
}

TEST(ResultTest, try_may_stand_inside_try) {
    auto const nested = []() -> Result<int> {
        return TRY(parsed(std::string(static_cast<std::size_t>(TRY(parsed("abc"))), 'y')));
    };
    EXPECT_EQ(nested().value(), 3);
}

TEST(ResultTest, holds_values_that_only_move) {
    auto const make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(17); };
    auto const use = [&]() -> Result<int> {
        auto const pointer = TRY(make());
        return *pointer;
    };
    EXPECT_EQ(use().value(), 17);
}

TEST(ResultTest, context_is_added_to_errors_only) {
    EXPECT_EQ(parsed("").in_context("range 17").in_context("wp_posts").error().message(),
              "wp_posts: range 17: empty");
    EXPECT_EQ(parsed("ab").in_context("range 17").value(), 2);
    EXPECT_EQ(checked(false).in_context("fence").error().message(), "fence: not good");
    EXPECT_EQ(checked(false).in_context("fence").error().native_code(), 1205U);
    EXPECT_TRUE(checked(true).in_context("fence").ok());
}

TEST(ResultTest, a_result_of_void_is_good_by_default) {
    Result<void> const result;
    EXPECT_TRUE(result.ok());
    EXPECT_TRUE(static_cast<bool>(result));
}

TEST(ResultDeathTest, taking_the_value_of_an_error_is_a_bug) {
    auto const bad = parsed("");
    EXPECT_DEATH((void)bad.value(), "assertion failed: ok");
    auto const good = parsed("a");
    EXPECT_DEATH((void)good.error(), "assertion failed: !ok");
}

TEST(ResultDeathTest, assert_names_condition_and_place) {
    EXPECT_DEATH(ASSERT(1 + 1 == 3), "1 \\+ 1 == 3 .*result_test.cc:[0-9]+");
}

// A Result is converted to bool only where a condition stands: `int x = result` must not compile.
static_assert(!std::is_convertible_v<Result<std::string>, bool>);
static_assert(!std::is_default_constructible_v<Result<int>>);

}  // namespace
}  // namespace aipress
