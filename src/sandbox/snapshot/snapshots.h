// A sandbox's snapshots: the whole of its state at one moment, under a name, in `snapshots/` of its
// data folder.
//
// A snapshot is a folder: state/ (what the data folder had), snapshot.json (format, program, time,
// size) and files.json (every file with its size and CRC-32). It has its name once all of that is
// on disk. Files that never change are linked, so a bucket's bytes are there once only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"

namespace aipress::sandbox {

struct Snapshot {
    std::string name = {};
    std::string program = {};  // the version of AIPress that saved it
    std::string saved = {};    // when: "2026-11-25T18:30:00.123456Z"
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::string problem = {};  // why it cannot be loaded; empty: it looks well
};

// Letters, digits, '.', '_' and '-', the first a letter or digit, 64 at most. Errors:
// InvalidArgument.
Result<void> check_snapshot_name(std::string_view name);

// Whether one can be saved under that name. Errors: InvalidArgument, AlreadyExists.
Result<void> check_can_save(std::filesystem::path const& data, std::string const& name);

// By name. Errors: Unavailable.
[[nodiscard]] Result<std::vector<Snapshot>> list_snapshots(std::filesystem::path const& data);

// REQUIRES: the folder's lock is held, and nothing changes its state meanwhile. Errors: those of
// check_can_save(); Cancelled, DeadlineExceeded, ResourceExhausted, Unavailable: then there is no
// such snapshot.
[[nodiscard]] Result<Snapshot> save_snapshot(Context const& context, Probe& probe,
                                             std::filesystem::path const& data,
                                             std::string const& name);

// The folder's state is the snapshot's when it returns, or what it was. REQUIRES: the folder's lock
// is held. Errors: NotFound; FailedPrecondition for one of another format; DataLoss for a damaged
// one, naming the file; as above.
[[nodiscard]] Result<Snapshot> load_snapshot(Context const& context, Probe& probe,
                                             std::filesystem::path const& data,
                                             std::string const& name);

// Errors: NotFound, Unavailable.
Result<void> delete_snapshot(std::filesystem::path const& data, std::string const& name);

}  // namespace aipress::sandbox
