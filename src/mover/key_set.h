// Sets of row keys, one for each table, in bounded memory: past the bound the largest tables' keys
// go to a file. What comes back may name a key more than once, never leaves one out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "mover/row_key.h"

namespace aipress::mover {

// The keys of one table. Not thread safe.
class KeySet {
public:
    // `spill_directory` must exist when something is spilled; files in it are unlinked while open.
    explicit KeySet(std::filesystem::path spill_directory);
    KeySet(KeySet&&) noexcept;
    KeySet& operator=(KeySet&&) noexcept;
    ~KeySet();

    void insert(std::string_view key);
    [[nodiscard]] bool empty() const { return size() == 0; }
    // Counts a spilled key as often as it was spilled.
    [[nodiscard]] std::size_t size() const { return keys_.size() + spilled_keys_; }
    [[nodiscard]] std::size_t memory_bytes() const { return memory_bytes_; }

    // Moves what is in memory to the file. Errors: ResourceExhausted when the disk is full.
    Result<void> spill();
    // All keys in batches of at most `most`; stops at the first error.
    using Batch = std::function<Result<void>(std::vector<std::string_view> const&)>;
    Result<void> for_each_batch(std::size_t most, Batch const& batch) const;
    // Those of `keys` that are not in the set.
    Result<std::vector<RowKey>> missing(std::vector<RowKey> keys) const;
    Result<void> merge(KeySet const& other_set);

private:
    struct SpillFile;
    std::filesystem::path directory_;
    std::unordered_set<RowKey> keys_;
    std::size_t memory_bytes_ = 0;
    std::size_t spilled_keys_ = 0;
    std::unique_ptr<SpillFile> file_;
};

// By table name. Not thread safe.
class KeySets {
public:
    explicit KeySets(std::filesystem::path spill_directory);

    // Spills when the bound is passed. Errors: ResourceExhausted.
    Result<void> insert(std::string const& table, std::string_view key);
    Result<void> merge(std::string const& table, KeySet const& keys);
    [[nodiscard]] std::map<std::string, KeySet> take();
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] KeySet const* find(std::string const& table) const;

private:
    Result<void> keep_bound();

    std::filesystem::path directory_;
    std::map<std::string, KeySet> sets_;
    std::size_t memory_bytes_ = 0;
};

}  // namespace aipress::mover
