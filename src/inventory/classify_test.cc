#include "inventory/classify.h"

#include <gmock/gmock.h>

namespace aipress::inventory {
namespace {

using ::testing::HasSubstr;

class ClassifyTest : public ::testing::Test {
protected:
    ClassifyTest() {
        Resource service{.kind = Kind::Service, .key = "r/t"};
        add_fact(service, Attribute::Label, "traffic-class=low");
        resources_.add(std::move(service));
        tenant_.holds = {{.resource = 0, .evidence = Evidence::IsService}};
    }
    Classes classes() { return classify(tenant_, resources_); }

    Resources resources_;
    Tenant tenant_{.name = "t"};
};

TEST_F(ClassifyTest, measured_traffic_goes_before_the_label) {
    struct Row {
        double requests;
        Traffic traffic;
    };
    for (auto const& [requests, traffic] :
         {Row{0, Traffic::Development}, Row{199, Traffic::Development}, Row{200, Traffic::Low},
          Row{4'000, Traffic::Medium}, Row{40'000, Traffic::High}}) {
        tenant_.requests_a_day = {.value = requests, .source = "a count"};
        EXPECT_EQ(classes().traffic.value, traffic) << requests;
    }
    EXPECT_EQ(classes().traffic.reason,
              "40000 requests in the last day (a count); its label traffic-class says low");
}

TEST_F(ClassifyTest, without_a_measurement_the_label_counts_and_it_says_so) {
    EXPECT_EQ(classes().traffic.value, Traffic::Low);
    EXPECT_THAT(classes().traffic.reason, HasSubstr("no traffic was measured"));
    tenant_.holds.clear();
    EXPECT_EQ(classes().traffic.value, Traffic::Unknown);
}

TEST_F(ClassifyTest, size_is_of_files_and_database_together) {
    EXPECT_EQ(classes().size.value, Size::Unknown);
    tenant_.media_bytes.value = 600e6;
    EXPECT_EQ(classes().size.value, Size::Small);
    EXPECT_EQ(classes().size.reason, "files: 600000000 bytes; database: not measured");
    tenant_.database_bytes.value = 400e6;
    EXPECT_EQ(classes().size.value, Size::Medium);
    tenant_.media_bytes.value = 10e9;
    tenant_.is_at_least = true;
    EXPECT_EQ(classes().size.value, Size::Large);
    EXPECT_THAT(classes().size.reason, HasSubstr("at least 10000000000 bytes"));
}

TEST_F(ClassifyTest, multisite_and_woocommerce_are_known_only_by_evidence) {
    EXPECT_THAT(classes().multisite.reason, HasSubstr("no bucket of it could be looked into"));
    tenant_.uploads = {.has_sites_folder = Answer::No, .has_woocommerce_folder = Answer::Yes};
    EXPECT_EQ(classes().multisite.value, Answer::Unknown) << "no files are no proof";
    EXPECT_EQ(classes().woocommerce.value, Answer::Yes);
    EXPECT_EQ(classes().woocommerce.reason, "its bucket has woocommerce_uploads/");
    tenant_.says_multisite = true;
    EXPECT_EQ(classes().multisite.value, Answer::Yes);
}

}  // namespace
}  // namespace aipress::inventory
