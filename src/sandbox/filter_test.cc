#include "sandbox/filter.h"

#include <gmock/gmock.h>

namespace aipress::sandbox {
namespace {

bool matches(std::string const& filter, boost::json::object const& resource) {
    auto parsed = Filter::parse(filter);
    EXPECT_TRUE(parsed.ok()) << filter;
    return parsed.ok() && parsed.release().matches(resource);
}

TEST(FilterTest, TermsMustAllHold) {
    boost::json::object const project{{"projectId", "wp-1"},
                                      {"state", "ACTIVE"},
                                      {"labels", {{"env", "prod"}}},
                                      {"displayName", "My site"}};
    EXPECT_TRUE(matches("", project));
    EXPECT_TRUE(matches("state:ACTIVE", project));
    EXPECT_TRUE(matches("state=active labels.env:prod", project));
    EXPECT_TRUE(matches("projectId:wp-* AND displayName=\"My site\"", project));
    EXPECT_FALSE(matches("state:ACTIVE labels.env:test", project));
    EXPECT_TRUE(matches("display_name=\"My site\"", project));
    EXPECT_FALSE(matches("labels.none:x", project));
    EXPECT_FALSE(matches("projectId:wp", project));
}

TEST(FilterTest, WhatIsNotUnderstoodIsRefused) {
    for (auto const* const text : {"state", "a:1 OR b:2", "NOT a:1", "(a:1)", "a:\"open", ":x"}) {
        EXPECT_FALSE(Filter::parse(text).ok()) << text;
    }
}

}  // namespace
}  // namespace aipress::sandbox
