#include "sandbox/telemetry/folder_watch.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace aipress::sandbox {
namespace {

// Both are non-blocking.
void empty(FileDescriptor const& descriptor) {
    std::array<char, 4096> dropped{};
    while (::read(descriptor.get(), dropped.data(), dropped.size()) > 0) {
    }
}

}  // namespace

Result<std::unique_ptr<FolderWatch>> FolderWatch::open(std::filesystem::path const& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    FileDescriptor changes(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    FileDescriptor bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    bool const is_watched =
        changes.valid() && bell.valid() &&
        ::inotify_add_watch(changes.get(), folder.c_str(), IN_MODIFY | IN_ONLYDIR) >= 0;
    if (!is_watched) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("cannot watch the folder '{}'", folder.string()))
            .with_native_code(static_cast<unsigned>(errno));
    }
    return std::unique_ptr<FolderWatch>(new FolderWatch(std::move(changes), std::move(bell)));
}

void FolderWatch::wait() {
    std::array<pollfd, 2> watched{{{.fd = changes_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = bell_.get(), .events = POLLIN, .revents = 0}}};
    while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
    }
    empty(changes_);
    empty(bell_);
}

void FolderWatch::wake() {
    std::uint64_t const one = 1;
    // It fails only when it has been rung for ever without an answer.
    [[maybe_unused]] auto const written = ::write(bell_.get(), &one, sizeof one);
}

}  // namespace aipress::sandbox
