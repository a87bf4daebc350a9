// What happens to visitors and files at the moment when the database changes hands: while both
// sides are closed, the old service is turned to the home that is to serve, and the last files are
// carried there.
#pragma once

#include "migration/files.h"
#include "migration/workspace.h"
#include "mover/move.h"

namespace aipress::migration {

struct HandoverTimes {
    milliseconds flip{0};
    milliseconds files{0};
    std::uint64_t files_copied = 0;
};

// Thread safe.
class Handover {
public:
    Handover(Workspace const& work, Files& files) : work_(work), files_(files) {}

    // mover::MoveDependencies::on_switch. `serving`: who does so until then. Where that is `owner`
    // already, a fence is called off: visitors are turned back and no file is carried, for what
    // the other side has is a copy.
    Result<void> announce(Context const& context, mover::Side owner, mover::Side serving);
    // The old home's files are a backup's: none is carried there any more.
    void leave_old_files();
    // Of the last that was carried out.
    [[nodiscard]] HandoverTimes times() const;

private:
    [[nodiscard]] bool leaves_old_files() const;

    Workspace const& work_;
    Files& files_;
    mutable std::mutex mutex_;
    bool leaves_old_files_ = false;
    HandoverTimes times_;
};

}  // namespace aipress::migration
