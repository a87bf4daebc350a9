// Ends a process group when this process dies. The kernel ends a child with its parent, but not the
// child's children: a server's workers, what a shell command runs. Internal to base/.
#pragma once

#include <sys/types.h>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace aipress {

// Not thread safe.
class ProcessGuard {
public:
    // Watches over no group.
    ProcessGuard() = default;
    // Errors: Unavailable.
    [[nodiscard]] static Result<ProcessGuard> start(pid_t group);
    ProcessGuard(ProcessGuard&& other) noexcept;
    ProcessGuard& operator=(ProcessGuard&& other) noexcept;
    ~ProcessGuard();  // sends it home

    // The group is left alone from here on. To be called before the group's number can be given to
    // another one: before its leader is reaped.
    void send_home();

private:
    ProcessGuard(pid_t pid, FileDescriptor line) : pid_(pid), line_(std::move(line)) {}

    pid_t pid_ = -1;
    FileDescriptor line_;
};

}  // namespace aipress
