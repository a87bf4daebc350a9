// Side effects on the two servers, journaled before they happen, with the statement that undoes
// each. Whoever finds the journal after a crash can put both servers back without knowing how far
// it got.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aipress::mover {

enum class Side { Source, Target };
[[nodiscard]] std::string_view to_string(Side side);
[[nodiscard]] constexpr Side other(Side side) {
    return side == Side::Source ? Side::Target : Side::Source;
}

struct Effect {
    Side side = Side::Source;
    // Effects that are undone together: "fence" (events, accounts), "schema" (what was created on
    // the target), "triggers".
    std::string scope;
    std::string
        what;  // "lock-account", "disable-event", "create-table", …: names the probe points too
    std::string object;    // "'wp'@'%'", "wp_posts"
    std::string undo_sql;  // idempotent: running it twice, or without the effect, does no harm. May
                           // be empty.

    [[nodiscard]] bool operator==(Effect const&) const = default;
};

// Not thread safe.
class EffectLog {
public:
    virtual ~EffectLog() = default;
    // Durable when it returns: from here on the effect may have happened. Intending the same twice
    // is one.
    virtual Result<void> intend(Effect const& effect) = 0;
    // Durable when it returns: the effect is no longer there.
    virtual Result<void> undone(Effect const& effect) = 0;
    // Intended and not undone, oldest first.
    [[nodiscard]] virtual std::vector<Effect> outstanding(Side side,
                                                          std::string_view scope) const = 0;
};

}  // namespace aipress::mover
