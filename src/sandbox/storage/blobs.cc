#include "sandbox/storage/blobs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <random>
#include <vector>

#include "base/assert.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 256u << 10;
constexpr std::uint64_t kWriteBack = 8u << 20;
// What a large object has beyond this goes out of the page cache once it is on disk: its pages take
// the next bytes, and no new memory, whose first touch costs more than the writing does.
constexpr std::uint64_t kCached = 64u << 20;

Error disk_error(std::string_view what, fs::path const& path) {
    int const number = errno;
    bool const is_full = number == ENOSPC || number == EDQUOT;
    return Error(is_full ? ErrorCode::ResourceExhausted
                         : (number == ENOENT ? ErrorCode::NotFound : ErrorCode::Unavailable),
                 fmt::format("{} '{}': {}", what, path.string(), std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

std::string new_id() {
    static thread_local std::mt19937_64 random{std::random_device{}()};
    return fmt::format("{:016x}{:016x}", random(), random());
}

// A new name in a folder is on disk only once the folder is.
Result<void> sync_folder(fs::path const& folder) {
    FileDescriptor const directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || ::fsync(directory.get()) != 0) return disk_error("syncing", folder);
    return {};
}

// One of the 256 folders that blobs are in.
Result<void> make_shelf(fs::path const& folder) {
    std::error_code failure;
    bool const is_new = fs::create_directory(folder, failure);
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("cannot make '{}': {}", folder.string(), failure.message()));
    }
    return is_new ? sync_folder(folder.parent_path()) : Result<void>();
}

}  // namespace

BlobWriter::~BlobWriter() {
    if (file_.valid()) ::unlink(temporary_.c_str());
}

Result<void> write_at(FileDescriptor const& file, std::string_view bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
        auto const written =
            ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return disk_error("writing", "an object");
        bytes.remove_prefix(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return {};
}

Result<void> read_file(FileDescriptor const& file,
                       std::function<Result<void>(std::string_view)> const& piece) {
    std::vector<char> buffer(kPiece);
    off_t at = 0;
    while (true) {
        auto const count = ::pread(file.get(), buffer.data(), buffer.size(), at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return disk_error("reading", "an object");
        if (count == 0) return {};
        at += count;
        TRY(piece({buffer.data(), static_cast<std::size_t>(count)}));
    }
}

Result<void> BlobWriter::add(std::string_view bytes) {
    TRY(write_at(file_, bytes, size_));
    sums_.add(bytes);
    size_ += bytes.size();
    if (size_ - on_its_way_ >= kWriteBack) {
        // The disk begins now, and not when finish() waits for it; an error is found there.
        (void)::sync_file_range(file_.get(), static_cast<off_t>(on_its_way_),
                                static_cast<off_t>(size_ - on_its_way_), SYNC_FILE_RANGE_WRITE);
        if (on_its_way_ > kCached) drop_behind(on_its_way_);
        on_its_way_ = size_;
    }
    return {};
}

// Waits for what was sent to the disk before the bytes up to `end` were all there.
void BlobWriter::drop_behind(std::uint64_t end) {
    auto const begin = static_cast<off_t>(std::max(dropped_, kCached));
    auto const length = static_cast<off_t>(end) - begin;
    constexpr auto kOnDisk =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    // Pages that are not on disk stay: both are advice, and finish() finds the errors.
    (void)::sync_file_range(file_.get(), begin, length, kOnDisk);
    (void)::posix_fadvise(file_.get(), begin, length, POSIX_FADV_DONTNEED);
    dropped_ = end;
}

Result<Blob> BlobWriter::finish() {
    if (::fdatasync(file_.get()) != 0) return disk_error("syncing", temporary_);
    TRY(make_shelf(final_path_.parent_path()));
    if (::rename(temporary_.c_str(), final_path_.c_str()) != 0) {
        return disk_error("naming", final_path_);
    }
    file_.close();
    TRY(sync_folder(final_path_.parent_path()));
    auto sums = sums_.take();
    return Blob{.id = id_, .size = size_, .md5 = sums.md5(), .crc32c = sums.crc32c()};
}

Result<Blobs> Blobs::open(fs::path folder) {
    std::error_code failure;
    fs::remove_all(folder / "new", failure);
    fs::create_directories(folder / "new", failure);
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("cannot make '{}': {}", folder.string(), failure.message()));
    }
    return Blobs(std::move(folder));
}

Result<BlobWriter> Blobs::create() const {
    auto id = new_id();
    auto temporary = folder_ / "new" / id;
    FileDescriptor file(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid()) return disk_error("making", temporary);
    auto final_path = path(id);
    return BlobWriter(std::move(temporary), std::move(final_path), std::move(id), std::move(file));
}

Result<Blob> Blobs::share(Blob const& blob, FileDescriptor const& bytes) const {
    auto other = blob;
    other.id = new_id();
    TRY(make_shelf(path(other.id).parent_path()));
    if (::link(path(blob.id).c_str(), path(other.id).c_str()) != 0) {
        if (errno != ENOENT && errno != EMLINK) return disk_error("linking", path(blob.id));
        auto writer = TRY(create());
        TRY(read_file(bytes, [&](std::string_view piece) { return writer.add(piece); }));
        other.id = TRY(writer.finish()).id;
        return other;
    }
    TRY(sync_folder(path(other.id).parent_path()));
    return other;
}

fs::path Blobs::path(std::string_view id) const {
    ASSERT(id.size() == 32);
    return folder_ / id.substr(0, 2) / id;
}

Result<FileDescriptor> Blobs::read(std::string_view id) const {
    FileDescriptor file(::open(path(id).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return disk_error("reading", path(id));
    return file;
}

void Blobs::remove(std::string_view id) const {
    ::unlink(path(id).c_str());
}

Result<void> Blobs::sweep(std::function<Result<bool>(std::string const&)> const& is_used) const {
    std::error_code failure;
    for (unsigned i = 0; i < 256; ++i) {
        auto const folder = folder_ / fmt::format("{:02x}", i);
        for (auto const& entry : fs::directory_iterator(folder, failure)) {
            auto const id = entry.path().filename().string();
            if (!TRY(is_used(id))) fs::remove(entry.path(), failure);
        }
    }
    return {};
}

}  // namespace aipress::sandbox
