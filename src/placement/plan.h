// Changes of a fleet that are looked at before they are made: plan, review, apply *that* plan.
//
// A plan keeps the facts that it rests on, of every shard and tenant that it names, and the sum of
// all of it. apply() refuses a plan that was edited, and one of whose facts is not so any more; it
// is whole or not at all, and applied once: again, it is answered the same.
//
// What apply() does with a move is to reserve its slot: the tenant's record says where it goes to
// (`next_shard`), its state is "moving", and both slots are held until its migration is over.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "fleet/moves.h"
#include "store/store.h"

namespace aipress::placement {

enum class PlanKind {
    Rebalance,   // the fullest shards give to the emptiest
    Drain,       // a shard takes nobody any more, and everybody leaves it
    ReturnHome,  // displaced tenants go home, where there is room by now
    Pin,         // a tenant is moved by no plan any more; where it is not there yet, it moves there
    Unpin,
    Cordon,    // a shard takes nobody any more; who is there stays
    Uncordon,  // … takes tenants again; of a draining one too
    Retire,    // an empty shard is given up for good
};
[[nodiscard]] std::string_view to_string(PlanKind kind);  // "return-home"
[[nodiscard]] std::optional<PlanKind> plan_kind_of(std::string_view text);

struct PlanOrder {
    PlanKind kind = PlanKind::Rebalance;
    std::string shard = {};   // drain, cordon, uncordon, retire; pin: where to ("": where it is)
    std::string tenant = {};  // pin, unpin
    fleet::MoveLimits limits = {};
};

// What a plan takes for granted, by the version that the record has.
struct Fact {
    std::string name = {};
    std::int64_t version = 0;
};

struct Plan {
    PlanOrder order = {};
    std::vector<fleet::Move> moves = {};
    std::vector<fleet::Staying> staying = {};  // who should move, and does not
    std::vector<Fact> shards = {};
    std::vector<Fact> tenants = {};

    [[nodiscard]] bool changes_nothing() const;
    [[nodiscard]] std::uint64_t bytes() const;
};

// One object; "sum" is the SHA-256 of all the other fields. Deterministic: the same fleet gives the
// same bytes.
[[nodiscard]] boost::json::object to_json(Plan const& plan);
// Errors: InvalidArgument for what is no plan, or was edited.
[[nodiscard]] Result<Plan> read_plan(boost::json::object const& fields);

// Reads the fleet and changes nothing. Errors: NotFound, FailedPrecondition (a tenant on its way
// cannot be pinned, a retired shard not be uncordoned, one that is not empty not be retired),
// ResourceExhausted (no room where it is pinned to).
[[nodiscard]] Result<Plan> make_plan(Context const& context, store::Store& store,
                                     PlanOrder const& order);

struct Applied {
    std::uint64_t moves = 0;  // whose slots are reserved now
};
// Errors: FailedPrecondition when the fleet is not as the plan has it, naming what has changed and
// the command that makes it anew.
[[nodiscard]] Result<Applied> apply_plan(Context const& context, store::Store& store,
                                         Plan const& plan, std::string const& actor);

// "aipress placement plan drain aipress-shard-001"
[[nodiscard]] std::string command_of(PlanOrder const& order);

}  // namespace aipress::placement
