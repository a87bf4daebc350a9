#include "mover/key_set.h"

#include <gtest/gtest.h>
#include <set>

#include "mover/limits.h"

namespace aipress::mover {
namespace {

std::multiset<std::string> all_of(KeySet const& keys) {
    std::multiset<std::string> all;
    auto const read = keys.for_each_batch(3, [&](auto const& batch) -> Result<void> {
        EXPECT_LE(batch.size(), 3U);
        all.insert(batch.begin(), batch.end());
        return {};
    });
    EXPECT_TRUE(read.ok());
    return all;
}

TEST(KeySetTest, GivesBackEveryKeyAlsoAfterSpilling) {
    KeySet keys(std::filesystem::temp_directory_path());
    for (int i = 0; i < 10; ++i) keys.insert("a" + std::to_string(i));
    ASSERT_TRUE(keys.spill().ok());
    EXPECT_EQ(keys.memory_bytes(), 0U);
    for (int i = 5; i < 15; ++i) keys.insert("a" + std::to_string(i));
    auto const all = all_of(keys);
    for (int i = 0; i < 15; ++i) EXPECT_GE(all.count("a" + std::to_string(i)), 1U) << i;
    EXPECT_EQ(all.size(), 20U);  // those spilled and added again come twice
}

TEST(KeySetTest, KnowsWhatItLacksInMemoryAndInTheFile) {
    KeySet keys(std::filesystem::temp_directory_path());
    keys.insert("spilled");
    ASSERT_TRUE(keys.spill().ok());
    keys.insert("kept");
    auto const missing = keys.missing({"spilled", "kept", "other"});
    ASSERT_TRUE(missing.ok());
    EXPECT_EQ(missing.value(), std::vector<RowKey>{"other"});
}

TEST(KeySetsTest, StayWithinTheirMemory) {
    KeySets sets(std::filesystem::temp_directory_path());
    std::string const padding(1000, 'x');
    std::size_t const count = limits::kKeySetBytes / padding.size() * 2;
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_TRUE(sets.insert(i % 3 == 0 ? "small" : "large", padding + std::to_string(i)).ok());
    }
    EXPECT_EQ(sets.size(), count);
    std::size_t in_memory = 0;
    for (auto const& [table, keys] : sets.take()) in_memory += keys.memory_bytes();
    EXPECT_LE(in_memory, limits::kKeySetBytes);
}

TEST(KeySetTest, ADirectoryThatIsNotThereIsAnError) {
    KeySet keys("/nonexistent/folder");
    keys.insert("k");
    EXPECT_FALSE(keys.spill().ok());
}

}  // namespace
}  // namespace aipress::mover
