#include "gcp/monitoring.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include "gcp/domain_mappings.h"
#include "testing/scripted_transport.h"
#include "testing/status_matchers.h"
#include "testing/test_context.h"

namespace aipress::gcp {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListsTest : public ::testing::Test {
protected:
    SystemClock clock_;
    testing::ScriptedTransport transport_;
    std::unique_ptr<TokenSource> const tokens_ = make_fixed_token("ya29.test");
    QuotaBroker quotas_{clock_};
    Connection const connection_{transport_, *tokens_, quotas_, ConnectionOptions()};
};

TEST_F(ListsTest, SeriesAreAskedForAsOneValueEach) {
    transport_.then_answer(200, R"({"timeSeries": [
        {"resource": {"labels": {"service_name": "a"}},
         "points": [{"value": {"int64Value": "7"}}, {"value": {"int64Value": "9"}}]},
        {"resource": {"labels": {"service_name": "b"}},
         "points": [{"value": {"doubleValue": 1.5}}]},
        {"metric": {"labels": {"tenant": "c"}}, "points": []}]})");
    std::vector<std::string> seen;
    auto const listed =
        Monitoring(connection_)
            .list_time_series(
                testing::test_context(),
                {.project = "p",
                 .metric = "run.googleapis.com/request_count",
                 .end = WallTime(std::chrono::seconds(1'800'000'000)),
                 .aligner = "ALIGN_DELTA",
                 .reducer = "REDUCE_SUM",
                 .group_by = {"resource.labels.service_name"}},
                [&](boost::json::object const& series) -> Outcome<Done> {
                    auto const value = newest_value(series);
                    seen.push_back(
                        series_label(series, "resource", "service_name") + "=" +
                        (value ? std::to_string(static_cast<int>(*value * 10)) : "none"));
                    return Done();
                });
    ASSERT_TRUE(listed.ok()) << listed.error().message();
    EXPECT_THAT(seen, ElementsAre("a=70", "b=15", "=none"));
    auto const requests = transport_.requests();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_THAT(requests[0].url,
                AllOf(HasSubstr("monitoring.googleapis.com/v3/projects/p/timeSeries?"),
                      HasSubstr("interval.startTime=2027-01-14T08%3A00%3A00Z"),
                      HasSubstr("interval.endTime=2027-01-15T08%3A00%3A00Z"),
                      HasSubstr("aggregation.alignmentPeriod=86400s"),
                      HasSubstr("aggregation.groupByFields=resource.labels.service_name")));
}

TEST_F(ListsTest, DomainMappingsOfAllPages) {
    transport_.then_answer(200, R"({"metadata": {"continue": "more"}, "items": [
        {"metadata": {"name": "a.example.com"}, "spec": {"routeName": "a"}}]})");
    transport_.then_answer(200, R"({"items": [
        {"metadata": {"name": "b.example.com"}, "spec": {"routeName": "b"}}]})");
    std::vector<std::string> seen;
    auto const listed = list_domain_mappings(connection_, testing::test_context(), "p", "r",
                                             [&](DomainMapping const& one) -> Outcome<Done> {
                                                 seen.push_back(one.host + "=" + one.service);
                                                 return Done();
                                             });
    ASSERT_TRUE(listed.ok()) << listed.error().message();
    EXPECT_THAT(seen, ElementsAre("a.example.com=a", "b.example.com=b"));
    EXPECT_THAT(transport_.requests()[1].url, HasSubstr("continue=more"));
}

TEST_F(ListsTest, DomainMappingsWithAHoleAreAnError) {
    transport_.then_answer(200, R"({"unreachable": ["r"], "items": []})");
    auto const listed =
        list_domain_mappings(connection_, testing::test_context(), "p", "r",
                             [](DomainMapping const&) -> Outcome<Done> { return Done(); });
    ASSERT_FALSE(listed.ok());
    EXPECT_EQ(listed.error().code(), ErrorCode::Unavailable);
}

}  // namespace
}  // namespace aipress::gcp
