#include "base/utf8.h"

#include <gmock/gmock.h>

namespace aipress {
namespace {

// RFC 3629, sections 4 and 10.
TEST(Utf8Test, OnlyWhatIsWrittenAsItMustBe) {
    for (auto const* const text : {"", "a\n", "\xC2\x80", "\xE2\x89\xA2", "\xED\x9F\xBF",
                                   "\xEE\x80\x80", "\xF0\xA3\x8E\xB4", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (auto const* const text :
         {"\xFF", "\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xE2\x89", "\xE2\x28\xA1", "\xC2"}) {
        EXPECT_FALSE(is_utf8(text)) << text;
    }
}

}  // namespace
}  // namespace aipress
