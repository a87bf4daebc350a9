#include "sandbox/dns/names.h"

#include <gmock/gmock.h>

namespace aipress::sandbox::dns {
namespace {

TEST(Names, AreLowerCaseAndAbsolute) {
    EXPECT_EQ(canonical_name("WWW.Example.COM.", Wildcard::Refused), "www.example.com.");
    EXPECT_EQ(canonical_name("_443._tcp.a-b.example.", Wildcard::Refused),
              "_443._tcp.a-b.example.");
    EXPECT_EQ(canonical_name("0/25.2.0.192.in-addr.arpa.", Wildcard::Refused),
              "0/25.2.0.192.in-addr.arpa.");
    EXPECT_EQ(canonical_name("*.example.", Wildcard::Allowed), "*.example.");
    for (auto const* const wrong : {"", "example.com", "a..b.", ".example.", "a b.", "a\\.b.", "*.",
                                    "*.example.", "a.*.example.", "\xc3\xa4.example."}) {
        EXPECT_EQ(canonical_name(wrong, Wildcard::Refused), std::nullopt) << wrong;
    }
    EXPECT_EQ(canonical_name("a.*.example.", Wildcard::Allowed), std::nullopt);
}

TEST(Names, HaveALongestLabelAndALongestName) {
    std::string const label(63, 'a');
    EXPECT_TRUE(canonical_name(label + ".", Wildcard::Refused));
    EXPECT_FALSE(canonical_name(label + "a.", Wildcard::Refused));
    auto const three = label + "." + label + "." + label + ".";
    EXPECT_TRUE(canonical_name(three + std::string(61, 'b') + ".", Wildcard::Refused));
    EXPECT_FALSE(canonical_name(three + std::string(62, 'b') + ".", Wildcard::Refused));
}

TEST(Names, AZoneHoldsWhatIsBelowItsApex) {
    EXPECT_TRUE(is_within("example.", "example."));
    EXPECT_TRUE(is_within("a.b.example.", "example."));
    EXPECT_FALSE(is_within("badexample.", "example."));
    EXPECT_FALSE(is_within("example.", "www.example."));
    EXPECT_TRUE(is_within("example.", "."));
}

TEST(Names, ReversedTheyBeginWithTheRoot) {
    EXPECT_EQ(reversed_name("www.example.com."), "com.example.www.");
    EXPECT_EQ(reversed_name("."), "");
}

}  // namespace
}  // namespace aipress::sandbox::dns
