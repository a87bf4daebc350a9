// `aipress sandbox seed-shard`: an empty shard, built in a running sandbox by Google's ordinary
// REST calls, for tenants of the PoC to move to.
#pragma once

#include <cstdint>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "fleet/shard.h"
#include "poc/google.h"

namespace aipress::poc {

struct ShardOptions {
    std::string shard = {};  // "aipress-shard-001": its project's id
    unsigned capacity = fleet::kShardCapacity;
    std::string tier = "db-n1-standard-4";  // of its database server
    Ports ports = {};
};

struct ShardSummary {
    std::string project = {};
    std::string instance = {};
    std::string address = {};  // the instance's
    std::string bucket = {};
    std::string ingress = {};  // "aipress-shard-001.aipress.io"
    unsigned capacity = 0;
    std::uint64_t requests = 0;
    milliseconds took{0};
};

// "aipress-shard-" and a number, which is what a project's id can be. Errors: InvalidArgument.
[[nodiscard]] Result<void> check_shard_name(std::string_view name);

// Project, database server, bucket, and its name in the PoC's zone. What is there already, from a
// run that was killed, is kept; its state too, whoever has changed that. The server has no
// password: accounts are made by Cloud SQL's `users.insert`. Errors: FailedPrecondition when the
// PoC has no zone yet, or when what is there is no shard, or of another capacity or tier; and those
// of the calls.
[[nodiscard]] Result<ShardSummary> seed_shard(Context const& context, ShardOptions const& options);

}  // namespace aipress::poc
