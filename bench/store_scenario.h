// How many transactions of the metadata store an engine makes a second.
#pragma once

#include <vector>

#include "base/context.h"
#include "bench/options.h"
#include "bench/results.h"

namespace aipress::bench {

// For each engine that is installed and asked for, with so many writers at once:
//   journal    an entry of a migration's journal, under its lease
//   placement  a tenant that takes a slot of one of 100 shards, recorded by an operation's id
// What is acknowledged is on disk; Cloud Spanner's is Google's emulator, which keeps it in memory.
Result<void> measure_store(Context const& context, Options const& options,
                           std::vector<Figure>& figures);

}  // namespace aipress::bench
