#include "gcp/file_pieces.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gcp/limits.h"
#include "http/checksums.h"

namespace aipress::gcp {
namespace {

Error failed(std::string_view what, std::filesystem::path const& path, int number) {
    auto const code = number == ENOENT ? ErrorCode::NotFound : ErrorCode::Unavailable;
    return Error(code, fmt::format("cannot {} '{}': {}", what, path.string(), ::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

}  // namespace

Result<SourceFile> open_source(std::filesystem::path const& path) {
    SourceFile file{.descriptor = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC))};
    if (!file.descriptor.valid()) return failed("open", path, errno);
    struct stat status{};
    if (::fstat(file.descriptor.get(), &status) != 0) return failed("read", path, errno);
    if (!S_ISREG(status.st_mode)) {
        return Error(ErrorCode::InvalidArgument, fmt::format("'{}' is no file", path.string()));
    }
    file.size = static_cast<std::uint64_t>(status.st_size);
    http::Checksums sums;
    for (std::uint64_t at = 0; at < file.size;) {
        auto const piece = TRY(read_piece(file, at, std::min(limits::kPieceBytes, file.size - at)));
        sums.add(piece);
        at += piece.size();
    }
    file.crc32c = sums.crc32c();
    return file;
}

Result<std::string> read_piece(SourceFile const& file, std::uint64_t offset, std::uint64_t length) {
    std::string bytes(length, '\0');
    for (std::uint64_t at = 0; at < length;) {
        auto const count = ::pread(file.descriptor.get(), bytes.data() + at, length - at,
                                   static_cast<off_t>(offset + at));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Error(ErrorCode::Unavailable, "cannot read the file");
        if (count == 0) {
            return Error(ErrorCode::FailedPrecondition,
                         "the file became shorter while it was read");
        }
        at += static_cast<std::uint64_t>(count);
    }
    return bytes;
}

Result<PartialFile> PartialFile::make(std::filesystem::path const& path) {
    auto partial = path;
    partial += ".partial-XXXXXX";
    auto name = partial.string();
    FileDescriptor descriptor(::mkostemp(name.data(), O_CLOEXEC));
    if (!descriptor.valid()) return failed("make", partial, errno);
    return PartialFile(std::move(descriptor), path, name);
}

PartialFile::~PartialFile() {
    if (!partial_.empty()) ::unlink(partial_.c_str());
}

Result<void> PartialFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        auto const count = ::write(descriptor_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("write", partial_, errno);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> PartialFile::keep() {
    if (::fsync(descriptor_.get()) != 0) return failed("write", partial_, errno);
    if (::rename(partial_.c_str(), name_.c_str()) != 0) return failed("rename", partial_, errno);
    partial_.clear();
    auto const folder = name_.has_parent_path() ? name_.parent_path() : std::filesystem::path(".");
    FileDescriptor const directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() || ::fsync(directory.get()) != 0) return failed("sync", folder, errno);
    return {};
}

}  // namespace aipress::gcp
