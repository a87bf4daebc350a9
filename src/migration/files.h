// The tenant's files, carried to the new home and, after the switch, back.
#pragma once

#include <mutex>
#include <vector>

#include "migration/action.h"
#include "migration/workspace.h"
#include "objects/carry.h"
#include "objects/compare.h"

namespace aipress::migration {

// Thread safe. What it refers to outlives it.
class Files {
public:
    explicit Files(Workspace const& work) : work_(work) {}

    enum class Way { Forth, Back };
    // One pass: the other side then has what this side had.
    [[nodiscard]] Result<objects::PassReport> carry(Context const& context, Way way);
    // Passes until one has little to do.
    [[nodiscard]] Result<objects::PassReport> catch_up(Context const& context, Way way);
    [[nodiscard]] Result<objects::Comparison> compare(Context const& context);

    // preflight and copy; undone, the new home's folder is empty.
    [[nodiscard]] std::vector<Action> actions();

private:
    [[nodiscard]] objects::FolderPair folders(Way way) const;
    Result<void> empty_new_folder(Context const& context) const;

    Workspace const& work_;
    std::mutex mutex_;
    objects::Waypoints waypoints_;
};

[[nodiscard]] Facts to_json(objects::PassReport const& report);

}  // namespace aipress::migration
