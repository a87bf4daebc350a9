#include "json/fields.h"

#include <boost/json/parse.hpp>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace aipress::json {
namespace {

using ::testing::HasSubstr;

boost::json::object object_of(char const* text) {
    return boost::json::parse(text).get_object();
}

TEST(FieldsTest, reads_each_type) {
    auto const object = object_of(R"({"name":"wp\u00e9","count":-5,"live":true})");
    EXPECT_EQ(get_string(object, "name").value(), "wp\xc3\xa9");
    EXPECT_EQ(get_integer(object, "count").value(), -5);
    EXPECT_TRUE(get_bool(object, "live").value());
}

TEST(FieldsTest, an_error_names_the_field) {
    auto const object = object_of(R"({"name":7,"count":"7","live":1,"nothing":null})");
    EXPECT_EQ(get_string(object, "name").error().message(), "$.name: expected a string");
    EXPECT_EQ(get_integer(object, "count").error().message(), "$.count: expected an integer");
    EXPECT_EQ(get_bool(object, "live").error().message(), "$.live: expected true or false");
    EXPECT_EQ(get_string(object, "absent").error().message(), "$.absent: missing");
    EXPECT_EQ(get_integer(object, "nothing").error().message(), "$.nothing: expected an integer");
    EXPECT_EQ(get_bool(object, "absent").error().code(), ErrorCode::InvalidArgument);
}

TEST(FieldsTest, integers_keep_all_bits_and_nothing_wraps) {
    auto const object = object_of(R"({"least":-9223372036854775808,"most":9223372036854775807,
        "beyond":9223372036854775808,"real":1.0,"huge":1e30})");
    EXPECT_EQ(get_integer(object, "least").value(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(get_integer(object, "most").value(), std::numeric_limits<std::int64_t>::max());
    EXPECT_FALSE(get_integer(object, "beyond").ok());
    EXPECT_FALSE(get_integer(object, "real").ok());
    EXPECT_FALSE(get_integer(object, "huge").ok());

    boost::json::object const made{{"count", std::uint64_t{17}}};
    EXPECT_EQ(get_integer(made, "count").value(), 17) << "a number made as unsigned";
}

TEST(FieldsTest, parses_one_object_and_nothing_behind_it) {
    EXPECT_EQ(parse_object(R"( {"verb":"pause"} )").value().at("verb"), "pause");
    for (char const* bad : {"", "{", "[]", "7", "null", R"({"a":1} {"b":2})", R"({"a":1,})",
                            "{\"a\":\"\xff\"}", R"({a:1})"}) {
        auto const result = parse_object(bad);
        ASSERT_FALSE(result.ok()) << bad;
        EXPECT_EQ(result.error().code(), ErrorCode::InvalidArgument) << bad;
    }
    EXPECT_THAT(parse_object("{").error().message(), HasSubstr("JSON"));
}

TEST(FieldsTest, deep_nesting_is_an_error_and_not_a_crash) {
    auto const text = R"({"a":)" + std::string(100'000, '[');
    EXPECT_FALSE(parse_object(text).ok());
}

}  // namespace
}  // namespace aipress::json
