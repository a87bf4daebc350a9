// The file of `aipress sandbox up --faults FILE`: which requests shall go wrong, how, and how
// often. docs/reference/sandbox-faults.md tells it to operators.
//
//     {"rules": [{"method": "sql.instances.insert", "kind": "lost_response", "at": [1]},
//                {"method": "storage.*", "kind": "rate_limited", "rate": 0.01, "burst": 3}]}
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sandbox/catalogue.h"

namespace aipress::sandbox {

// In the order of kFaultKinds.
enum class FaultKind {
    RateLimited,        // 429 with Retry-After; nothing is done
    Internal,           // 500; nothing is done
    Unavailable,        // 503; nothing is done
    PermissionDenied,   // 403: the caller lacks a permission; nothing is done
    LostResponse,       // it is done, and the connection is reset in front of the answer
    CutBody,            // it is done, and the connection is reset in the midst of the answer
    Slow,               // it is done, and the answer comes late
    SlowOperation,      // the operation that it starts takes longer
    FailedOperation,    // the operation that it starts fails, and nothing is done
    HalfMade,           // a project: it is there, its operation has failed, it cannot be used
    ProjectQuota,       // a project: no more may be made, and its operation says so
    StaleList,          // a list without its newest
    InstanceCrash,      // SIGKILL for the server of the Cloud SQL instance that is named
    InstanceOutOfDisk,  // that instance is shut down, until its disk is made larger
};

// "lost_response", as the file and the journal have it.
[[nodiscard]] std::string_view to_string(FaultKind kind);
[[nodiscard]] std::optional<FaultKind> fault_kind_of(std::string_view name);
// Whether it is about a Cloud SQL instance.
[[nodiscard]] constexpr bool is_of_instance(FaultKind kind) {
    return kind == FaultKind::InstanceCrash || kind == FaultKind::InstanceOutOfDisk;
}
// Whether it befalls an answer, whatever that says.
[[nodiscard]] constexpr bool is_of_answer(FaultKind kind) {
    return kind == FaultKind::LostResponse || kind == FaultKind::CutBody || kind == FaultKind::Slow;
}

struct FaultRule {
    FaultKind kind = FaultKind::Internal;
    std::string method = "*";            // an id, or a pattern of ids; `*` is any text
    std::string version = {};            // "v1"; empty: all
    std::string instance = "*";          // of Cloud SQL, a pattern: for the instance's faults
    std::string permission = {};         // "run.services.create": that is lacking
    double rate = 0;                     // of the requests that match, from 0 to 1
    std::vector<std::uint64_t> at = {};  // and these: 1 is the first that matches
    std::uint64_t burst = 1;             // each of them and those behind it: so many
    milliseconds delay{0};               // of Slow, SlowOperation, StaleList
    std::optional<milliseconds> retry_after = {};  // of RateLimited, Unavailable

    [[nodiscard]] bool matches(Method const& asked) const;
};

// `*` stands for any text, also for none.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);

// Errors: InvalidArgument, naming the rule and the member ("rules[2].rate: …"); NotFound for the
// file.
[[nodiscard]] Result<std::vector<FaultRule>> parse_fault_rules(std::string_view text,
                                                               Catalogue const& catalogue);
[[nodiscard]] Result<std::vector<FaultRule>> read_fault_rules(std::filesystem::path const& file,
                                                              Catalogue const& catalogue);

}  // namespace aipress::sandbox
