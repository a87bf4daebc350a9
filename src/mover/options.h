// What an operator can say about a move.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "mover/accounts.h"
#include "mysql/endpoint.h"

namespace aipress::mover {

enum class SwitchWhen {
    Now,        // as soon as the copy is verified, whatever the lag
    WhenReady,  // verified and the lag below limits::kSwitchLag
    Manual,     // stay in standby until `database switch`
};
enum class ReverseMode {
    Keep,  // stream target → source until finalize
    None,  // the move ends with the switch; no rollback
};

struct MoveOptions {
    mysql::Endpoint source;
    mysql::Endpoint target;
    // To fence. Default: those that the journal names, else those of list_accounts.
    std::optional<std::vector<Account>> accounts;
    milliseconds fence_budget{15'000};
    unsigned workers = 4;
    unsigned max_source_load = 0;  // Threads_running above which the copy rests; 0: no limit
    milliseconds max_lag{30'000};  // the copy rests while the stream is further behind
    SwitchWhen switch_when = SwitchWhen::WhenReady;
    ReverseMode reverse = ReverseMode::Keep;
    std::string on_switch;  // shell command; empty: the journal's, if it has one
    milliseconds retry_for{
        60'000};  // how long a lost connection is retried before the process gives up
    std::uint64_t late_copy_limit_bytes = 64ull << 20;  // tables copied in the fence: refused above
};

}  // namespace aipress::mover
