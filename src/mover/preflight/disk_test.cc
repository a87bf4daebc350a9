#include <gtest/gtest.h>

#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

std::vector<Finding> judged(std::uint64_t needed, std::uint64_t free) {
    static SystemClock clock;
    PreflightReport report;
    Inspection inspection{.context = {clock, Deadline::never(), std::stop_token()},
                          .source = {},
                          .target = {},
                          .schema = std::nullopt,
                          .report = &report};
    judge_disk(inspection, needed, free);
    return report.findings;
}

TEST(DiskTest, TooLittleIsAFaultThatSaysHowMuch) {
    auto const findings = judged(200u << 20, (200u << 20) - 1);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].severity, Severity::Fault);
    EXPECT_EQ(findings[0].code, "disk-full");
    EXPECT_NE(findings[0].message.find("200.0 MB"), std::string::npos) << findings[0].message;
    EXPECT_NE(findings[0].fix, "");
}

TEST(DiskTest, JustEnoughIsSaidNothingOf) {
    EXPECT_TRUE(judged(200u << 20, 200u << 20).empty());
}

}  // namespace
}  // namespace aipress::mover
