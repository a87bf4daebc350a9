#include "sandbox/snapshot/restore.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <vector>

#include "sandbox/snapshot/tree_copy.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRestoring = ".restoring";
constexpr std::string_view kDiscarded = ".discarded";
constexpr std::array<std::string_view, 8> kNotState{"sandbox.lock", "sandbox.log", "spanner.log",
                                                    "control.sock", "snapshots",   "clients",
                                                    kRestoring,     kDiscarded};

Result<void> rename_to(fs::path const& from, fs::path const& to) {
    if (std::rename(from.c_str(), to.c_str()) == 0) return {};
    return Error(ErrorCode::Unavailable, fmt::format("renaming '{}' to '{}': {}", from.string(),
                                                     to.string(), std::strerror(errno)));
}

Result<void> move_entries(fs::path const& from, fs::path const& to,
                          std::function<bool(std::string const&)> const& is_wanted, Probe& probe) {
    std::error_code failure;
    std::vector<fs::path> names;
    for (auto const& entry : fs::directory_iterator(from, failure)) {
        if (is_wanted(entry.path().filename().string())) names.push_back(entry.path().filename());
    }
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("reading '{}': {}", from.string(), failure.message()));
    }
    for (auto const& name : names) {
        TRY(rename_to(from / name, to / name));
        probe.at("snapshot-move.after");
    }
    TRY(sync_names(from));
    return sync_names(to);
}

Result<void> remove_discarded(fs::path const& data) {
    std::error_code failure;
    fs::remove_all(data / kDiscarded, failure);
    if (!failure) return {};
    return Error(ErrorCode::Unavailable,
                 fmt::format("removing '{}': {}", (data / kDiscarded).string(), failure.message()));
}

}  // namespace

bool is_state(std::string_view entry) {
    return std::find(kNotState.begin(), kNotState.end(), entry) == kNotState.end();
}

Result<void> restore(fs::path const& data, fs::path const& whole, Probe& probe) {
    TRY(rename_to(whole, data / kRestoring));
    TRY(sync_names(data));
    probe.at("snapshot-commit.after");
    return finish_restore(data, probe);
}

Result<void> finish_restore(fs::path const& data, Probe& probe) {
    std::error_code failure;
    auto const restoring = data / kRestoring;
    auto const any = [](std::string const&) { return true; };
    // The old one of a crash in the last step.
    TRY(remove_discarded(data));
    if (!fs::exists(restoring, failure)) return {};
    if (fs::exists(restoring / "new", failure)) {
        fs::create_directory(restoring / "old", failure);
        TRY(move_entries(
            data, restoring / "old", [](auto const& name) { return is_state(name); }, probe));
        TRY(rename_to(restoring / "new", restoring / "arriving"));
        TRY(sync_names(restoring));
        probe.at("snapshot-arriving.after");
    }
    TRY(move_entries(restoring / "arriving", data, any, probe));
    TRY(rename_to(restoring, data / kDiscarded));
    TRY(sync_names(data));
    probe.at("snapshot-discard.before");
    return remove_discarded(data);
}

}  // namespace aipress::sandbox
