#include "fleet/placement.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "fleet/directory.h"

namespace aipress::fleet {
namespace {

using ::testing::HasSubstr;

constexpr Epoch kEpoch{.number = 1, .shards = 3};
std::string home(std::string_view tenant) {
    return home_shard(tenant, kEpoch);
}

Rooms three_rooms(std::uint64_t slots) {
    std::vector<Room> rooms;
    for (unsigned number = 1; number <= 3; ++number) {
        rooms.push_back({.shard = shard_name(number), .capacity = capacity_of(slots)});
    }
    return Rooms(std::move(rooms), 0);
}

Placement must_place(Rooms const& rooms, Site const& site) {
    auto placed = rooms.place(site, kEpoch, Spare::Keep);
    EXPECT_TRUE(placed.ok()) << placed.error().message();
    return placed.ok() ? placed.release() : Placement{};
}

ErrorCode refusal(Rooms const& rooms, Site const& site, std::string const& part,
                  Spare spare = Spare::Keep) {
    auto const placed = rooms.place(site, kEpoch, spare);
    EXPECT_FALSE(placed.ok());
    if (placed.ok()) return ErrorCode::Unknown;
    EXPECT_THAT(placed.error().message(), HasSubstr(part));
    return placed.error().code();
}

TEST(PlacementTest, HomeWithRoomIsTaken) {
    auto const placed = must_place(three_rooms(2), {.tenant = "acme"});
    EXPECT_EQ(placed.shard, home("acme"));
    EXPECT_FALSE(placed.displaced());
    EXPECT_EQ(placed.reason, PlacementReason::Home);
}

TEST(PlacementTest, EachReasonIsToldInWords) {
    auto rooms = three_rooms(2);
    auto const at_home = home("acme");
    EXPECT_THAT(why(must_place(rooms, {.tenant = "acme"})),
                HasSubstr("acme lives on " + at_home + ", its home: " + at_home +
                          " (sha256 of its name, first 8 digits, modulo the 3 shards of epoch 1). "
                          "There was room (0 of 2 slots, 0 of 2 in weight)."));

    rooms.take(at_home, {.slots = 1, .weight = 1'500});
    auto const heavy = must_place(rooms, {.tenant = "acme"});
    EXPECT_EQ(heavy.reason, PlacementReason::HomeHeavy);
    EXPECT_THAT(why(heavy), HasSubstr("had no room for its weight (1 of 2 slots, 1.5 of 2"));

    rooms.take(at_home, {.slots = 1});
    auto const full = must_place(rooms, {.tenant = "acme"});
    EXPECT_EQ(full.reason, PlacementReason::HomeFull);
    EXPECT_TRUE(full.displaced());
    EXPECT_EQ(full.candidates, 2u);
    EXPECT_EQ(full.equals, 2u);
    EXPECT_THAT(why(full), HasSubstr("had no slot left (2 of 2 slots"));
    EXPECT_THAT(why(full), HasSubstr("Of 2 active shards with room it was the least loaded (0 of 2 "
                                     "slots, 0 of 2 in weight), by highest random weight among 2"));

    rooms.set_state(at_home, ShardState::Cordoned);
    auto const closed = must_place(rooms, {.tenant = "acme"});
    EXPECT_EQ(closed.reason, PlacementReason::HomeClosed);
    EXPECT_THAT(why(closed), HasSubstr("was cordoned. Of 2"));

    Rooms const elsewhere({{.shard = shard_name(77)}}, 0);
    auto const missing = must_place(elsewhere, {.tenant = "acme"});
    EXPECT_EQ(missing.reason, PlacementReason::HomeMissing);
    EXPECT_THAT(why(missing), HasSubstr("is no shard of this fleet. Of 1"));
    EXPECT_THAT(why({.tenant = "acme",
                     .epoch = kEpoch,
                     .home = at_home,
                     .shard = "aipress-shard-003",
                     .reason = PlacementReason::Imported}),
                HasSubstr("imported as living there. Its home is " + at_home));
}

TEST(PlacementTest, ThePinIsTheOperatorsWordButMakesNoRoom) {
    auto rooms = three_rooms(1);
    Site const site{.tenant = "acme", .pin = shard_name(3)};
    ASSERT_NE(home("acme"), site.pin);
    rooms.set_state(site.pin, ShardState::Cordoned);
    auto const placed = must_place(rooms, site);
    EXPECT_EQ(placed.shard, site.pin);
    EXPECT_THAT(why(placed), HasSubstr("an operator pinned it there. Its home is"));
    rooms.set_state(site.pin, ShardState::Draining);
    EXPECT_EQ(refusal(rooms, site, "which is draining"), ErrorCode::FailedPrecondition);
    rooms.set_state(site.pin, ShardState::Active);
    rooms.take(site.pin, kOrdinarySite);
    EXPECT_EQ(refusal(rooms, site, "has no room (1 of 1 slots"), ErrorCode::ResourceExhausted);
    EXPECT_EQ(refusal(rooms, {.tenant = "acme", .pin = "elsewhere"}, "no shard of this fleet"),
              ErrorCode::NotFound);
}

TEST(PlacementTest, OnlyActiveShardsTakeAnybody) {
    auto rooms = three_rooms(1);
    for (auto const state :
         {ShardState::Cordoned, ShardState::Draining, ShardState::Full, ShardState::Retired}) {
        for (unsigned number = 1; number <= 3; ++number) {
            rooms.set_state(shard_name(number), state);
        }
        EXPECT_EQ(refusal(rooms, {.tenant = "acme"}, "are wanted; add shards"),
                  ErrorCode::ResourceExhausted);
        EXPECT_EQ(refusal(rooms, {.tenant = "acme"}, "no active shard has room", Spare::Use),
                  ErrorCode::ResourceExhausted);
    }
}

TEST(PlacementTest, AShardWithoutASlotShowsAsFullUntilOneIsGivenBack) {
    auto rooms = three_rooms(1);
    auto const shard = shard_name(1);
    rooms.take(shard, kOrdinarySite);
    EXPECT_EQ(rooms.find(shard)->shown_state(), ShardState::Full);
    EXPECT_EQ(rooms.free_slots(), 2u);
    rooms.give_back(shard, kOrdinarySite);
    EXPECT_EQ(rooms.find(shard)->shown_state(), ShardState::Active);
    EXPECT_EQ(rooms.free_slots(), 3u);
}

TEST(PlacementTest, TheSpareIsKeptFromNewTenants) {
    Rooms rooms({{.shard = shard_name(1)}, {.shard = shard_name(2)}});
    EXPECT_EQ(rooms.spare_slots(), 2u);
    rooms.take(shard_name(1), {.slots = 50});
    rooms.take(shard_name(2), {.slots = 48});
    EXPECT_EQ(refusal(rooms, {.tenant = "acme"}, "2 of 100 slots of active shards are free, 2 are"),
              ErrorCode::ResourceExhausted);
    EXPECT_TRUE(rooms.place({.tenant = "acme"}, kEpoch, Spare::Use).ok());
    EXPECT_NE(rooms.least_loaded("acme", kOrdinarySite), nullptr);  // as a move asks
}

// By hand: of the three homes of six sites, one has more than it can keep.
TEST(BatchTest, TheSmallestSpill) {
    auto rooms = three_rooms(2);
    std::vector<Site> sites;
    for (int number = 0; sites.size() < 3; ++number) {
        auto const tenant = fmt::format("tenant-{}", number);
        if (home(tenant) != shard_name(1)) continue;
        sites.push_back({.tenant = tenant, .bytes = 100 - sites.size() % 2 * 50});
    }
    auto const placed = place_batch(rooms, sites, kEpoch, Spare::Keep);
    ASSERT_TRUE(placed.ok()) << placed.error().message();
    EXPECT_EQ(placed.value()[0].shard, shard_name(1));  // 100 bytes
    EXPECT_EQ(placed.value()[2].shard, shard_name(1));  // 100 bytes
    EXPECT_NE(placed.value()[1].shard, shard_name(1));  // 50 bytes
    EXPECT_EQ(placed.value()[1].reason, PlacementReason::Spilled);
    EXPECT_THAT(why(placed.value()[1]),
                HasSubstr("had no room for every tenant of its batch (2 of 2 slots"));
    EXPECT_EQ(rooms.free_slots(), 3u);

    auto const before = rooms;
    std::vector<Site> const too_many{
        {.tenant = "a"}, {.tenant = "b"}, {.tenant = "c"}, {.tenant = "d"}};
    EXPECT_EQ(place_batch(rooms, too_many, kEpoch, Spare::Keep).error().code(),
              ErrorCode::ResourceExhausted);
    EXPECT_EQ(rooms.all(), before.all());
}

TEST(PlacementTest, IsReadAsItIsWritten) {
    auto rooms = three_rooms(1);
    rooms.take(home("acme"), kOrdinarySite);
    auto const placed = must_place(rooms, {.tenant = "acme"});
    auto const read = read_placement(to_json(placed));
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(read.value(), placed);
    for (auto const* const field : {"tenant", "epoch", "reason", "load", "home_state", "equals"}) {
        auto fields = to_json(placed);
        fields.erase(field);
        EXPECT_FALSE(read_placement(fields).ok()) << field;
        fields[field] = -1;
        EXPECT_FALSE(read_placement(fields).ok()) << field;
    }
}

}  // namespace
}  // namespace aipress::fleet
