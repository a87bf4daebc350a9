// What became of each tenant, checked on the servers themselves, and the table that says so.
#pragma once

#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "testing/rehearsal/census.h"
#include "testing/rehearsal/ledger.h"
#include "testing/rehearsal/mover_process.h"
#include "testing/rehearsal/stage.h"

namespace aipress::rehearsal {

enum class Fate { Finalized, RolledBack };

struct Outcome {
    std::string name;
    Fate fate = Fate::Finalized;
    MoveStatus move;
    VisitStatistics visits;
    LedgerCheck ledger;
    std::size_t accepted_on_target = 0;
    CensusComparison owner;           // against the source before the move
    CensusComparison other;           // likewise, of the side that no longer serves
    std::vector<std::string> faults;  // empty: all holds

    [[nodiscard]] std::uint64_t lost_rows() const {
        return owner.lost_rows + ledger.missing + ledger.missing_companions;
    }
};

// After the visitors have gone. `before`: the source's census before the move.
[[nodiscard]] Result<Outcome> judge(Context const& context, Stage const& stage,
                                    Tenant const& tenant, Fate fate, MoveStatus const& move,
                                    Census const& before);

// The table for people, each fault below it.
[[nodiscard]] std::string render(std::vector<Outcome> const& outcomes);

}  // namespace aipress::rehearsal
