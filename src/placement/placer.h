// Places one tenant after the other, beside any number of other control planes.
//
// Its home is asked first, in the transaction that takes the slot: that touches the tenant's rows
// and one shard's row, so placements meet only where they want the same shard. Where home does not
// take it, the fleet is looked at outside of any transaction and the least loaded shard is asked
// the same way; if that has filled up meanwhile, it is looked again.
//
// A shard's slots and weight are a hard limit. The fleet's spare is watched by a look that is up to
// kLookAge old, and counted in the transaction as soon as it comes near.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/context.h"
#include "fleet/rooms.h"
#include "store/store.h"

namespace aipress::placement {

struct PlaceRequest {
    fleet::Site site = {};
    std::string endpoint = {};   // of a new tenant's route: "https://…"
    std::string operation = {};  // the client's id
    std::string actor = {};
    fleet::Spare spare = fleet::Spare::Keep;
};

// Thread safe.
class Placer {
public:
    static constexpr milliseconds kLookAge{250};

    // The store outlives it.
    explicit Placer(store::Store& store) : store_(store) {}

    // Where it was placed; for one that has its place already, where and why. A tenant that is
    // still in a project of its own gets its slot reserved (`next_shard`), a new one has it and a
    // route. Errors: as fleet::Rooms::place(); AlreadyExists when the operation's id was used for
    // something else; Aborted when shards fill up faster than they can be looked at; those of the
    // store.
    Result<fleet::Placement> place(Context const& context, PlaceRequest const& request);

private:
    struct Look {
        fleet::Rooms rooms;
        fleet::Epoch epoch;
        SteadyTime at;
    };
    enum class Age { Fresh, Recent };
    // Of a tenant that has a record, but no place: they were settled with it.
    struct Settled {
        fleet::Epoch epoch = {};
        fleet::Load load = {};
    };
    // The shard to ask, and what was so when it was chosen.
    struct Choice {
        fleet::Placement placement = {};
        enum class Count { No, Yes } count_spare = Count::No;
        bool for_settled = false;
    };

    Result<std::shared_ptr<Look const>> look(Context const& context, Age age);
    Result<Choice> choose(Context const& context, PlaceRequest const& request,
                          std::optional<Settled> const& settled, Age age);
    // nullopt: ask another shard, for this one does not take it any more, or `settled` is new.
    Result<std::optional<fleet::Placement>> ask(Context const& context, PlaceRequest const& request,
                                                Choice const& choice,
                                                std::optional<Settled>& settled);
    Result<std::optional<fleet::Placement>> find_placed(Context const& context,
                                                        std::string const& tenant);

    store::Store& store_;
    std::mutex mutex_;
    std::shared_ptr<Look const> last_;
};

}  // namespace aipress::placement
