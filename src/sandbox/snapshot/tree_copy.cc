#include "sandbox/snapshot/tree_copy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/file_descriptor.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 1u << 20;

Error disk_error(std::string_view what, fs::path const& path) {
    int const number = errno;
    bool const is_full = number == ENOSPC || number == EDQUOT;
    return Error(is_full ? ErrorCode::ResourceExhausted : ErrorCode::Unavailable,
                 fmt::format("{} '{}': {}", what, path.string(), std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

bool is_zero(char const* bytes, std::size_t count) {
    return count == 0 || (*bytes == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0);
}

// Whoever is not root gives files to nobody else, and need not: they are all its own.
void keep_owner(int file, struct stat const& status) {
    [[maybe_unused]] auto const given = ::fchown(file, status.st_uid, status.st_gid);
}

Result<void> sync_folder(fs::path const& folder, int (*sync)(int)) {
    FileDescriptor const directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || sync(directory.get()) != 0) return disk_error("syncing", folder);
    return {};
}

}  // namespace

Result<void> TreeCopy::check() const {
    if (context_.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
    if (context_.expired()) return Error(ErrorCode::DeadlineExceeded, "copying took too long");
    return {};
}

Result<void> TreeCopy::add(fs::path const& path) {
    TRY(check());
    struct stat status{};
    if (::lstat((from_ / path).c_str(), &status) != 0) return disk_error("reading", from_ / path);
    if (S_ISDIR(status.st_mode)) return add_folder(path);
    if (S_ISREG(status.st_mode)) return add_file(path);
    if (!S_ISLNK(status.st_mode)) return {};
    std::error_code failure;
    fs::copy_symlink(from_ / path, to_ / path, failure);
    if (!failure) return {};
    return Error(ErrorCode::Unavailable,
                 fmt::format("linking '{}': {}", (to_ / path).string(), failure.message()));
}

Result<void> TreeCopy::add_folder(fs::path const& path) {
    std::error_code failure;
    std::vector<fs::path> names;
    for (auto const& entry : fs::directory_iterator(from_ / path, failure)) {
        names.push_back(entry.path().filename());
    }
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("reading '{}': {}", (from_ / path).string(), failure.message()));
    }
    struct stat status{};
    FileDescriptor const from(
        ::open((from_ / path).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!from.valid() || ::fstat(from.get(), &status) != 0) {
        return disk_error("reading", from_ / path);
    }
    if (::mkdir((to_ / path).c_str(), 0700) != 0) return disk_error("making", to_ / path);
    for (auto const& name : names) TRY(add(path / name));
    FileDescriptor const made(
        ::open((to_ / path).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    keep_owner(made.get(), status);
    if (::fchmod(made.get(), status.st_mode & 07777) != 0) return disk_error("making", to_ / path);
    return {};
}

Result<void> TreeCopy::add_file(fs::path const& path) {
    auto const source = from_ / path;
    auto const target = to_ / path;
    FileDescriptor const from(::open(source.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!from.valid() || ::fstat(from.get(), &status) != 0) return disk_error("reading", source);
    CopiedFile file{
        .path = path.string(), .size = static_cast<std::uint64_t>(status.st_size), .crc32 = {}};
    bool const never_changes = never_changes_(file.path);
    if (never_changes && ::link(source.c_str(), target.c_str()) == 0) {
        files_.push_back(std::move(file));
        return {};
    }
    // Another file system, or more links than this one has: then it is copied.
    FileDescriptor const to(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!to.valid()) return disk_error("making", target);
    auto const crc = TRY(copy_bytes(from.get(), to.get(), path));
    if (!never_changes) file.crc32 = crc;
    keep_owner(to.get(), status);
    timespec const times[2] = {status.st_atim, status.st_mtim};
    bool const is_set =
        ::fchmod(to.get(), status.st_mode & 07777) == 0 && ::futimens(to.get(), times) == 0;
    if (!is_set) return disk_error("making", target);
    files_.push_back(std::move(file));
    return {};
}

Result<std::uint32_t> TreeCopy::copy_bytes(int from, int to, fs::path const& path) {
    buffer_.resize(kPiece);
    auto crc = ::crc32(0, nullptr, 0);
    off_t at = 0;
    for (;;) {
        TRY(check());
        auto const count = ::pread(from, buffer_.data(), buffer_.size(), at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return disk_error("reading", from_ / path);
        if (count == 0) break;
        auto const size = static_cast<std::size_t>(count);
        crc = ::crc32(crc, reinterpret_cast<unsigned char const*>(buffer_.data()),
                      static_cast<unsigned>(size));
        // A server's data files are zeros for the most part.
        bool const is_hole = is_zero(buffer_.data(), size);
        for (std::size_t done = 0; done < size && !is_hole;) {
            auto const written =
                ::pwrite(to, buffer_.data() + done, size - done, at + static_cast<off_t>(done));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return disk_error("writing", to_ / path);
            done += static_cast<std::size_t>(written);
        }
        at += count;
    }
    if (::ftruncate(to, at) != 0) return disk_error("writing", to_ / path);
    return static_cast<std::uint32_t>(crc);
}

std::vector<CopiedFile> TreeCopy::files() const {
    auto sorted = files_;
    std::sort(sorted.begin(), sorted.end(),
              [](auto const& a, auto const& b) { return a.path < b.path; });
    return sorted;
}

Result<void> sync_all(fs::path const& folder) {
    return sync_folder(folder, &::syncfs);
}

Result<void> sync_names(fs::path const& folder) {
    return sync_folder(folder, &::fsync);
}

}  // namespace aipress::sandbox
