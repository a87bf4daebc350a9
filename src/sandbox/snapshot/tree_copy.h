// Copies folders with everything in them, and says what the copy is made of, so that it can be
// proven whole later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"

namespace aipress::sandbox {

struct CopiedFile {
    std::string path;  // below the folder that was copied from
    std::uint64_t size = 0;
    std::optional<std::uint32_t> crc32;  // zlib's; nullopt: of a file that never changes

    friend bool operator==(CopiedFile const&, CopiedFile const&) = default;
};

// Whether a file never changes once it has its name: it is then linked, not copied.
using NeverChanges = std::function<bool(std::string const& path)>;

// Owners, modes and times are kept, holes too; symbolic links stay links; sockets and pipes, which
// belong to a process, are left out. Nothing is synced. Not thread safe.
class TreeCopy {
public:
    // Both folders must be there. The context's stop token and deadline are looked at all the time.
    TreeCopy(Context context, std::filesystem::path from, std::filesystem::path to,
             NeverChanges never_changes)
        : context_(std::move(context)),
          from_(std::move(from)),
          to_(std::move(to)),
          never_changes_(std::move(never_changes)) {}

    // One entry of the folder, and what is below it. Errors: Cancelled, DeadlineExceeded,
    // ResourceExhausted when the disk is full, Unavailable; what was copied until then stays.
    Result<void> add(std::filesystem::path const& path);
    // What was copied, by path.
    [[nodiscard]] std::vector<CopiedFile> files() const;

private:
    Result<void> add_folder(std::filesystem::path const& path);
    Result<void> add_file(std::filesystem::path const& path);
    Result<std::uint32_t> copy_bytes(int from, int to, std::filesystem::path const& path);
    Result<void> check() const;

    Context const context_;
    std::filesystem::path const from_;
    std::filesystem::path const to_;
    NeverChanges const never_changes_;
    std::vector<CopiedFile> files_;
    std::vector<char> buffer_;
};

// Everything that was written on this folder's file system is on disk when it returns. Errors:
// Unavailable.
Result<void> sync_all(std::filesystem::path const& folder);
// A name in that folder is on disk. Errors: Unavailable.
Result<void> sync_names(std::filesystem::path const& folder);

}  // namespace aipress::sandbox
