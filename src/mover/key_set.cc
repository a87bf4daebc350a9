#include "mover/key_set.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "mover/limits.h"

namespace aipress::mover {
namespace {

// Rough cost of an entry of std::unordered_set<std::string> beyond its characters.
constexpr std::size_t kEntryOverheadBytes = 72;
constexpr std::size_t kReadBufferBytes = 1u << 20;

Error disk_error(std::string_view doing) {
    int const number = errno;
    return Error(number == ENOSPC || number == EDQUOT ? ErrorCode::ResourceExhausted
                                                      : ErrorCode::Internal,
                 fmt::format("{} the file of changed keys: {}; free space or name another journal "
                             "directory, then resume",
                             doing, std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

}  // namespace

// Records: 4 bytes of length, little-endian, then the key.
struct KeySet::SpillFile {
    int descriptor = -1;
    std::uint64_t bytes = 0;

    ~SpillFile() {
        if (descriptor >= 0) ::close(descriptor);
    }

    static Result<std::unique_ptr<SpillFile>> open(std::filesystem::path const& directory) {
        auto file = std::make_unique<SpillFile>();
        file->descriptor = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (file->descriptor < 0) {  // a file system without O_TMPFILE
            std::string name = (directory / "keys-XXXXXX").string();
            file->descriptor = ::mkstemp(name.data());
            if (file->descriptor >= 0) ::unlink(name.c_str());
        }
        if (file->descriptor < 0) return disk_error("creating");
        return file;
    }

    Result<void> append(std::string_view data) {
        while (!data.empty()) {
            auto const written =
                ::pwrite(descriptor, data.data(), data.size(), static_cast<off_t>(bytes));
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return disk_error("writing");
            bytes += static_cast<std::uint64_t>(written);
            data.remove_prefix(static_cast<std::size_t>(written));
        }
        return {};
    }

    Result<void> for_each(std::function<Result<void>(std::string_view)> const& visit) const {
        std::string buffer;
        std::uint64_t offset = 0;
        while (offset < bytes || !buffer.empty()) {
            std::size_t const kept = buffer.size();
            auto const wanted = std::min<std::uint64_t>(kReadBufferBytes, bytes - offset);
            buffer.resize(kept + wanted);
            auto const got =
                ::pread(descriptor, buffer.data() + kept, wanted, static_cast<off_t>(offset));
            if (got < 0 || static_cast<std::uint64_t>(got) != wanted) return disk_error("reading");
            offset += wanted;
            std::string_view rest = buffer;
            while (rest.size() >= 4) {
                std::uint32_t length = 0;
                std::memcpy(&length, rest.data(), 4);
                if (rest.size() < 4 + std::size_t{length}) break;
                TRY(visit(rest.substr(4, length)));
                rest.remove_prefix(4 + std::size_t{length});
            }
            buffer.erase(0, buffer.size() - rest.size());
        }
        return {};
    }
};

KeySet::KeySet(std::filesystem::path spill_directory) : directory_(std::move(spill_directory)) {}
KeySet::KeySet(KeySet&&) noexcept = default;
KeySet& KeySet::operator=(KeySet&&) noexcept = default;
KeySet::~KeySet() = default;

void KeySet::insert(std::string_view key) {
    if (keys_.emplace(key).second) memory_bytes_ += key.size() + kEntryOverheadBytes;
}

Result<void> KeySet::spill() {
    if (keys_.empty()) return {};
    if (!file_) file_ = TRY(SpillFile::open(directory_));
    std::string records;
    for (auto const& key : keys_) {
        auto const length = static_cast<std::uint32_t>(key.size());
        char prefix[4];
        std::memcpy(prefix, &length, 4);
        records.append(prefix, 4).append(key);
        if (records.size() >= kReadBufferBytes) {
            TRY(file_->append(records));
            records.clear();
        }
    }
    TRY(file_->append(records));
    spilled_keys_ += keys_.size();
    keys_.clear();
    memory_bytes_ = 0;
    return {};
}

Result<void> KeySet::for_each_batch(std::size_t most, Batch const& batch) const {
    std::vector<std::string_view> views;
    for (auto const& key : keys_) {
        views.push_back(key);
        if (views.size() == most) {
            TRY(batch(views));
            views.clear();
        }
    }
    if (!views.empty()) TRY(batch(views));
    if (!file_) return {};

    std::vector<RowKey> owned;
    auto const flush = [&]() -> Result<void> {
        if (owned.empty()) return {};
        views.assign(owned.begin(), owned.end());
        TRY(batch(views));
        owned.clear();
        return {};
    };
    TRY(file_->for_each([&](std::string_view key) -> Result<void> {
        owned.emplace_back(key);
        return owned.size() == most ? flush() : Result<void>();
    }));
    return flush();
}

Result<std::vector<RowKey>> KeySet::missing(std::vector<RowKey> keys) const {
    std::erase_if(keys, [&](RowKey const& key) { return keys_.contains(key); });
    if (keys.empty() || !file_) return keys;
    std::unordered_set<std::string_view> left(keys.begin(), keys.end());
    TRY(file_->for_each([&](std::string_view key) -> Result<void> {
        left.erase(key);
        return {};
    }));
    std::vector<RowKey> result;
    for (auto const key : left) result.emplace_back(key);
    return result;
}

Result<void> KeySet::merge(KeySet const& other_set) {
    return other_set.for_each_batch(limits::kTransactionKeys, [&](auto const& batch) {
        for (auto const key : batch) insert(key);
        return memory_bytes_ > limits::kKeySetBytes ? spill() : Result<void>();
    });
}

KeySets::KeySets(std::filesystem::path spill_directory) : directory_(std::move(spill_directory)) {}

Result<void> KeySets::insert(std::string const& table, std::string_view key) {
    auto const at = sets_.try_emplace(table, directory_).first;
    auto const before = at->second.memory_bytes();
    at->second.insert(key);
    memory_bytes_ += at->second.memory_bytes() - before;
    return memory_bytes_ > limits::kKeySetBytes ? keep_bound() : Result<void>();
}

Result<void> KeySets::merge(std::string const& table, KeySet const& keys) {
    auto const at = sets_.try_emplace(table, directory_).first;
    memory_bytes_ -= at->second.memory_bytes();
    auto merged = at->second.merge(keys);
    memory_bytes_ += at->second.memory_bytes();
    TRY(std::move(merged));
    return memory_bytes_ > limits::kKeySetBytes ? keep_bound() : Result<void>();
}

Result<void> KeySets::keep_bound() {
    // Largest first, until half the bound is free again: spilling a little each time would be slow.
    while (memory_bytes_ > limits::kKeySetBytes / 2) {
        auto const largest =
            std::max_element(sets_.begin(), sets_.end(), [](auto const& a, auto const& b) {
                return a.second.memory_bytes() < b.second.memory_bytes();
            });
        memory_bytes_ -= largest->second.memory_bytes();
        TRY(largest->second.spill());
    }
    return {};
}

std::map<std::string, KeySet> KeySets::take() {
    memory_bytes_ = 0;
    return std::exchange(sets_, {});
}

std::size_t KeySets::size() const {
    std::size_t total = 0;
    for (auto const& [table, keys] : sets_) total += keys.size();
    return total;
}

KeySet const* KeySets::find(std::string const& table) const {
    auto const at = sets_.find(table);
    return at == sets_.end() ? nullptr : &at->second;
}

}  // namespace aipress::mover
