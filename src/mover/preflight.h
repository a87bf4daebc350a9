// Everything that would stop or degrade a move, found before it starts, all at once, each with its
// fix. Changes nothing but a trial table on the target, which it drops again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/accounts.h"
#include "mover/effects.h"
#include "mover/options.h"
#include "mysql/connection.h"
#include "mysql/schema.h"

namespace aipress::mover {

enum class Severity {
    Fault,     // the move is refused
    Degraded,  // the move works, but something is slower, costs fence time, or changes (MyISAM →
               // InnoDB)
    Notice,    // worth knowing
};
[[nodiscard]] std::string_view to_string(Severity severity);

struct Finding {
    Severity severity = Severity::Notice;
    std::string code;     // stable, kebab-case: "binlog-off", "missing-privilege", "no-primary-key"
    std::string side;     // "source", "target" or "both"
    std::string object;   // table, account, variable …; may be empty
    std::string message;  // what is so
    std::string fix;  // what to do about it: a statement or a setting; may be empty for a notice
};

struct PreflightReport {
    std::vector<Finding> findings;  // faults first, then by side, code, object
    DatabaseAccounts source_accounts;
    DatabaseAccounts target_accounts;

    [[nodiscard]] bool passed() const;  // no fault
    [[nodiscard]] std::vector<Finding> faults() const;
};

// Whether a target that already holds our own half-made copy is a fault.
enum class TargetContent { MustBeEmpty, MayBeOurs };

// Both endpoints of the options name a database.
// Errors only when a server cannot be asked at all; every other fault is a finding.
[[nodiscard]] Result<PreflightReport> preflight(Context const& context, mysql::Connection& source,
                                                mysql::Connection& target,
                                                MoveOptions const& options,
                                                TargetContent target_content);

}  // namespace aipress::mover
