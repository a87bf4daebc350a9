// Effects kept in memory: the log outlives its gate, as the journal outlives a process.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "mover/effects.h"

namespace aipress::mover {

// Not thread safe.
class MemoryEffectLog final : public EffectLog {
public:
    Result<void> intend(Effect const& effect) override {
        if (std::find(effects_.begin(), effects_.end(), effect) == effects_.end()) {
            effects_.push_back(effect);
        }
        return {};
    }
    Result<void> undone(Effect const& effect) override {
        std::erase(effects_, effect);
        return {};
    }
    [[nodiscard]] std::vector<Effect> outstanding(Side side,
                                                  std::string_view scope) const override {
        std::vector<Effect> found;
        for (auto const& effect : effects_) {
            if (effect.side == side && effect.scope == scope) found.push_back(effect);
        }
        return found;
    }

private:
    std::vector<Effect> effects_;
};

}  // namespace aipress::mover
