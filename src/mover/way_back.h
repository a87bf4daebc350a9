// What a rollback behind the switch would find: whether every write comes back, how many would be
// lost, and whether the old database is still what the mover has left there.
#pragma once

#include <cstdint>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "mover/options.h"

namespace aipress::mover {

struct WayBack {
    std::string broken = {};  // why the stream back cannot be carried on; "": it can
    // Changed rows of the new side that its log names: those before the break (or all), which can
    // still be carried, and those behind it, at least: a statement's own rows are not named.
    std::uint64_t writes_to_carry = 0;
    std::uint64_t writes_behind_break = 0;
    bool is_counted = true;  // false: the log cannot be read on, and what it has behind is unknown
    // Why the old database cannot serve: it is gone, or its tables have not the definitions of
    // before the move; "": it can.
    std::string damage = {};
    // Why its rows are not proven to be those that the mover has left there; "": they are. Proof:
    // its server's log, from the moment when both sides were closed, has no change of it but the
    // transactions that the mover signed. A stream that is whole needs no such proof: a rollback
    // compares every row with the new side's.
    std::string doubt = {};
};

// Looks at both servers as they are now; changes nothing, and may be called beside a move that
// runs. REQUIRES: the journal's owner is the target. Errors: those of the journal; Unavailable when
// a server does not answer, and whatever else keeps it from finding out.
[[nodiscard]] Result<WayBack> examine_way_back(Context const& context, std::string const& journal,
                                               MoveOptions const& options);

}  // namespace aipress::mover
