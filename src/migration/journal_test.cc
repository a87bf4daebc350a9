#include "migration/journal.h"

#include <gmock/gmock.h>

#include "migration/folder.h"
#include "migration/relocation_json.h"
#include "testing/must.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::migration {
namespace {

using testing::HasCode;
using testing::must;

fleet::Relocation relocation() {
    return {.tenant = "tenant-001",
            .host = "tenant-001.aipress.io",
            .aliases = {"www.example.com"},
            .dns_project = "aipress-project",
            .dns_zone = "aipress-io",
            .from = {.project = "aipress-project", .service = "tenant-001"},
            .to = {.project = "aipress-shard-001", .prefix = "tenants/tenant-001/"}};
}

class JournalTest : public ::testing::Test {
protected:
    testing::TemporaryDirectory folder_ = must(testing::TemporaryDirectory::make());
    std::string const path_ = (folder_ / "migration.journal").string();
    SystemClock clock_;
    NoProbe probe_;
};

TEST_F(JournalTest, WhoeverOpensItKnowsHowFarItGot) {
    {
        auto const journal =
            must(Journal::create(path_, {.id = "m1", .relocation = relocation()}, clock_, probe_));
        must(journal->note("routing/ttl", Event::Begun, {{"ttl", 300}}));
        must(journal->note("routing/ttl", Event::Done, {{"forgotten_at", 7}}));
        must(journal->note("provision/user", Event::Begun, {{"user", "t"}}));
        must(journal->note("provision/user", Event::Failed, {}, "no right"));
    }
    auto const journal = must(Journal::open(path_, clock_, probe_));
    auto const content = journal->content();
    EXPECT_EQ(content.header.id, "m1");
    EXPECT_EQ(content.header.relocation, relocation());
    EXPECT_TRUE(content.is_done("routing/ttl"));
    EXPECT_EQ(content.facts("routing/ttl").at("forgotten_at").as_int64(), 7);
    EXPECT_FALSE(content.is_done("provision/user"));
    EXPECT_TRUE(content.is_begun("provision/user"));
    EXPECT_EQ(content.facts("provision/user").at("user").as_string(), "t");
    EXPECT_FALSE(content.is_begun("provision/service"));
    EXPECT_EQ(content.entries.back().reason, "no right");
    EXPECT_EQ(content.state, State::Running);
}

// What was seen before the first try is how things were; a second try sees its own traces.
TEST_F(JournalTest, BegunAgainItKeepsWhatWasSeenFirst) {
    auto const journal =
        must(Journal::create(path_, {.id = "m1", .relocation = relocation()}, clock_, probe_));
    must(journal->note("routing/ttl", Event::Begun, {{"ttl", 300}}));
    must(journal->note("routing/ttl", Event::Begun, {{"ttl", 60}}));
    EXPECT_EQ(journal->content().facts("routing/ttl").at("ttl").as_int64(), 300);
    must(journal->note("routing/ttl", Event::Undoing));
    EXPECT_TRUE(journal->content().is_begun("routing/ttl"));
    must(journal->note("routing/ttl", Event::Undone));
    EXPECT_FALSE(journal->content().is_begun("routing/ttl"));
    must(journal->note("routing/ttl", Event::Begun, {{"ttl", 120}}));
    EXPECT_EQ(journal->content().facts("routing/ttl").at("ttl").as_int64(), 120);
}

TEST_F(JournalTest, StatesAreKept) {
    auto const journal =
        must(Journal::create(path_, {.id = "m1", .relocation = relocation()}, clock_, probe_));
    must(journal->set_state(State::RollingBack, "errors above 5 %"));
    auto const content = must(Journal::read(path_));
    EXPECT_EQ(content.state, State::RollingBack);
    EXPECT_EQ(content.reason, "errors above 5 %");
    EXPECT_FALSE(is_over(content.state));
    EXPECT_TRUE(is_over(State::RolledBack));
}

TEST_F(JournalTest, OneProcessOnly) {
    auto const journal =
        must(Journal::create(path_, {.id = "m1", .relocation = relocation()}, clock_, probe_));
    EXPECT_THAT(Journal::open(path_, clock_, probe_), HasCode(ErrorCode::Unavailable));
}

TEST_F(JournalTest, ThereHasToBeOne) {
    EXPECT_THAT(Journal::open(path_, clock_, probe_), HasCode(ErrorCode::NotFound));
    EXPECT_THAT(Journal::read(path_), HasCode(ErrorCode::NotFound));
}

TEST(MigrationFolderTest, MigrationsComeInTheOrderOfTime) {
    auto const root = must(testing::TemporaryDirectory::make());
    MigrationFolder const folder(root.path());
    SystemClock clock;
    NoProbe probe;
    for (auto const* const id : {"20270101-000000-aaaaaaaa", "20261130-163000-ffffffff"}) {
        must(folder.make("tenant-001", id));
        must(Journal::create(folder.journal("tenant-001", id),
                             {.id = id, .relocation = relocation()}, clock, probe));
    }
    must(folder.make("tenant-001", "20280101-000000-aaaaaaaa"));  // its journal never began
    EXPECT_THAT(folder.migrations("tenant-001"),
                ::testing::ElementsAre("20261130-163000-ffffffff", "20270101-000000-aaaaaaaa"));
    EXPECT_THAT(folder.tenants(), ::testing::ElementsAre("tenant-001"));
    EXPECT_THAT(folder.migrations("tenant-002"), ::testing::IsEmpty());
}

TEST(MigrationFolderTest, IdsBeginWithTheirTime) {
    auto const id = new_migration_id(WallTime(std::chrono::seconds(1'796'056'200)));
    EXPECT_THAT(id, ::testing::MatchesRegex("2026[0-9]+-[0-9]+-[0-9a-f]+"));
    EXPECT_EQ(id.size(), std::string("20261130-163000-1f2e3d4c").size());
}

}  // namespace
}  // namespace aipress::migration
