#include "sandbox/pretty_json.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace aipress::sandbox {
namespace {

TEST(PrettyJson, AMemberALine) {
    EXPECT_EQ(pretty_json(R"({"kind":"x","items":[{"a":1},{"b":[]}],"none":{},"f":-1.5e3})"),
              "{\n  \"kind\": \"x\",\n  \"items\": [\n    {\n      \"a\": 1\n    },\n    {\n"
              "      \"b\": []\n    }\n  ],\n  \"none\": {},\n  \"f\": -1.5e3\n}\n");
    EXPECT_EQ(pretty_json("{}\n"), "{}\n");
    EXPECT_EQ(pretty_json(" [ ] "), "[]\n");
    EXPECT_EQ(pretty_json("null"), "null\n");
}

TEST(PrettyJson, StringsStayAsTheyAre) {
    auto const* const text = R"({"a,b:{":"q\"}, \\","c":"\\\\","d":["[1, 2]","tab\t :"]})";
    auto const pretty = pretty_json(text);
    EXPECT_EQ(boost::json::parse(pretty), boost::json::parse(text));
    EXPECT_EQ(pretty_json(pretty), pretty);
    EXPECT_THAT(pretty, ::testing::HasSubstr(R"("a,b:{": "q\"}, \\",)"));
}

}  // namespace
}  // namespace aipress::sandbox
