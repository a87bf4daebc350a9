#include "base/free_port.h"

#include <gtest/gtest.h>
#include <set>

namespace aipress {
namespace {

TEST(FreePortTest, OneAfterTheOtherCanBeHad) {
    std::set<std::uint16_t> ports;
    for (int i = 0; i < 20; ++i) {
        auto const port = free_port();
        ASSERT_TRUE(port.ok()) << port.error().message();
        EXPECT_GE(port.value(), 1024);
        ports.insert(port.value());
    }
    EXPECT_GT(ports.size(), 1u);
}

}  // namespace
}  // namespace aipress
