#include "sandbox/dns/change_check.h"

#include <gmock/gmock.h>

#include "sandbox/dns/limits.h"

namespace aipress::sandbox::dns {
namespace {

constexpr auto kSoa = "ns.example. host.example. 1 21600 3600 259200 300";

class ChangeCheckTest : public ::testing::Test {
protected:
    std::vector<RecordSet> live_{
        {.name = "example.", .type = "NS", .ttl = 60, .data = {"ns.example."}},
        {.name = "example.", .type = "SOA", .ttl = 60, .data = {kSoa}},
        {.name = "www.example.", .type = "A", .ttl = 60, .data = {"192.0.2.1", "192.0.2.2"}},
        {.name = "alias.example.", .type = "CNAME", .ttl = 60, .data = {"www.example."}}};

    static RecordSet a(std::string name, std::string address = "192.0.2.9") {
        return {.name = std::move(name), .type = "A", .ttl = 60, .data = {std::move(address)}};
    }
    // "", or the error's reason and message.
    std::string check(Change const& change) {
        auto outcome = check_change(
            change, "example.",
            [this](std::string const& name) -> Outcome<std::vector<RecordSet>> {
                std::vector<RecordSet> found;
                for (auto const& set : live_) {
                    if (set.name == name) found.push_back(set);
                }
                return found;
            },
            ChangePaths());
        if (outcome.ok()) return "";
        auto const error = outcome.release_error();
        return error.legacy_reason + " " + error.message;
    }
};

TEST_F(ChangeCheckTest, ADeletionIsExactlyWhatIsThereInAnyOrder) {
    auto deletion = live_[2];
    std::swap(deletion.data[0], deletion.data[1]);
    EXPECT_EQ(check({.deletions = {deletion}}), "");
    EXPECT_EQ(check({.additions = {a("www.example.")}, .deletions = {deletion}}), "");
    auto other = deletion;
    other.ttl = 61;
    EXPECT_EQ(check({.deletions = {other}}),
              " Precondition not met for 'entity.change.deletions[0]'");
    other = deletion;
    other.data.pop_back();
    EXPECT_EQ(check({.deletions = {other}}),
              " Precondition not met for 'entity.change.deletions[0]'");
    EXPECT_EQ(check({.deletions = {deletion, a("none.example.")}}),
              " The 'entity.change.deletions[1]' resource named 'none.example. (A)' does not "
              "exist.");
    EXPECT_EQ(check({.deletions = {deletion, deletion}}),
              " The 'entity.change.deletions[1]' resource named 'www.example. (A)' does not "
              "exist.");
}

TEST_F(ChangeCheckTest, AnAdditionIsNotThereYet) {
    EXPECT_EQ(check({.additions = {a("new.example.")}}), "");
    EXPECT_EQ(check({.additions = {a("new.example."), a("www.example.")}}),
              "alreadyExists The resource 'entity.change.additions[1]' named 'www.example. (A)' "
              "already exists");
    EXPECT_THAT(check({.additions = {a("new.example."), a("new.example.", "192.0.2.3")}}),
                ::testing::HasSubstr("additions[1]"));
}

TEST_F(ChangeCheckTest, ACnameIsAlone) {
    RecordSet const cname{
        .name = "www.example.", .type = "CNAME", .ttl = 60, .data = {"other.example."}};
    auto const conflict =
        "cnameResourceRecordSetConflict The resource record set 'entity.change.additions[0]' is "
        "invalid because the DNS name 'www.example.' may have either one CNAME resource record set "
        "or resource record sets of other types, but not both.";
    EXPECT_EQ(check({.additions = {cname}}), conflict);
    EXPECT_EQ(check({.additions = {cname}, .deletions = {live_[2]}}), "");
    EXPECT_THAT(check({.additions = {a("alias.example.")}}),
                ::testing::StartsWith("cnameResourceRecordSetConflict"));
    auto at_apex = cname;
    at_apex.name = "example.";
    EXPECT_THAT(check({.additions = {at_apex}}),
                ::testing::StartsWith("cnameResourceRecordSetConflict"));
}

TEST_F(ChangeCheckTest, AnApexKeepsItsNsAndItsSoa) {
    for (std::size_t const which : {0U, 1U}) {
        auto const needed = live_[which];
        EXPECT_EQ(check({.deletions = {needed}}),
                  "invalidZoneApex The resource record set 'entity.change.deletions[0]' is invalid "
                  "because a zone must contain exactly one resource record set of type '" +
                      needed.type + "' at the apex.");
        auto changed = needed;
        changed.ttl = 5;
        EXPECT_EQ(check({.additions = {changed}, .deletions = {needed}}), "");
    }
    EXPECT_THAT(check({.additions = {{.name = "sub.example.", .type = "SOA", .data = {kSoa}}}}),
                ::testing::StartsWith("invalidZoneApex"));
    EXPECT_EQ(check({.additions = {{.name = "sub.example.", .type = "NS", .data = {"ns.x."}}}}),
              "");
}

TEST_F(ChangeCheckTest, QuotasAreKept) {
    Change many;
    for (std::size_t number = 0; number < kAdditionsPerChange; ++number) {
        many.additions.push_back(a("h" + std::to_string(number) + ".example."));
    }
    EXPECT_EQ(check(many), "");
    many.additions.push_back(a("last.example."));
    EXPECT_EQ(check(many), "quotaExceeded The change would exceed quota for additions per change.");
    Change const large{
        .additions = {a("large.example.", std::string(kDataBytesPerChange + 1, 'x'))}};
    EXPECT_EQ(check(large),
              "quotaExceeded The change would exceed quota for total rrdata size per change.");
}

}  // namespace
}  // namespace aipress::sandbox::dns
