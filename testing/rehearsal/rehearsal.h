// The rehearsal: the whole job of the mover on live sites, judged by what visitors were told.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>

#include "base/context.h"
#include "base/result.h"
#include "testing/rehearsal/stage.h"

namespace aipress::rehearsal {

enum class Scope {
    Move,       // move, switch, roll one back, finalize the others
    SitesOnly,  // sites and visitors alone, on the first server: checks the ledger and the visitors
};
enum class Ending {
    Stop,
    Hold,  // leave the sites up, without visitors, until stop is requested
};

struct RehearsalOptions {
    StageOptions stage;
    Scope scope = Scope::Move;
    Ending ending = Ending::Stop;
    std::filesystem::path aipress;  // the binary under test
};

// Progress on stderr, the table of tenants on stdout. True when all holds. Errors: what kept the
// rehearsal from being carried out; what the mover did wrong is one, too.
[[nodiscard]] Result<bool> rehearse(Context const& context, RehearsalOptions const& options);

}  // namespace aipress::rehearsal
