#include "bench/options.h"

#include <gtest/gtest.h>
#include <vector>

namespace aipress::bench {
namespace {

Result<Options> parsed(std::vector<char const*> const& arguments) {
    Program const program{.name = "some_bench",
                          .usage = "",
                          .parts = {"copy", "fence", "writes"},
                          .options = {"--size"}};
    return parse_options(program, arguments, "build");
}

TEST(OptionsTest, sizes) {
    EXPECT_EQ(parse_size("17").value(), 17U);
    EXPECT_EQ(parse_size("64k").value(), 65'536U);
    EXPECT_EQ(parse_size("1G").value(), 1'073'741'824U);
    for (auto const* bad : {"", "G", "-1", "0", "1T", "1.5G", "99999999999999999999"}) {
        EXPECT_FALSE(parse_size(bad).ok()) << bad;
    }
}

TEST(OptionsTest, defaults_lie_beside_the_program) {
    auto const options = parsed({});
    ASSERT_TRUE(options.ok());
    EXPECT_EQ(options->aipress, "build/aipress");
    EXPECT_EQ(options->json_file, "build/some_bench.json");
    EXPECT_EQ(options->repeat, 5U);
    EXPECT_TRUE(options->wants("copy"));
}

TEST(OptionsTest, reads_what_is_said_and_refuses_the_rest) {
    auto const options = parsed({"--size", "2M", "--only", "fence,writes", "--repeat", "3"});
    ASSERT_TRUE(options.ok()) << options.error().message();
    EXPECT_EQ(options->size_bytes, 2'097'152U);
    EXPECT_TRUE(options->wants("fence"));
    EXPECT_FALSE(options->wants("copy"));
    EXPECT_FALSE(parsed({"--only", "speed"}).ok());
    EXPECT_FALSE(parsed({"--size"}).ok());
    EXPECT_FALSE(parsed({"--sise", "2M"}).ok());
    EXPECT_FALSE(parsed({"--seconds", "2"}).ok()) << "another program's";
}

}  // namespace
}  // namespace aipress::bench
