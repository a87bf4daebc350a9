#include "testing/temporary_directory.h"

#include <fstream>
#include <gtest/gtest.h>

#include "testing/status_matchers.h"

namespace aipress::testing {
namespace {

TEST(TemporaryDirectoryTest, IsRemovedWithItsContents) {
    std::filesystem::path path;
    {
        auto first = must(TemporaryDirectory::make());
        path = first.path();
        std::filesystem::create_directories(first / "a/b");
        std::ofstream(first / "a/b/c") << "text";
        TemporaryDirectory const second = std::move(first);
        EXPECT_TRUE(std::filesystem::exists(second / "a/b/c"));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryDirectoryTest, ParentMustExist) {
    EXPECT_THAT(TemporaryDirectory::make("/no/such/parent"), HasCode(ErrorCode::Unavailable));
}

}  // namespace
}  // namespace aipress::testing
