// Named points around every journal write and every side effect. In production nothing happens
// there; a test kills the process at one of them (apps/aipress/main.cc wires that by
// AIPRESS_KILL_AT).
#pragma once

#include <string_view>

namespace aipress {

// Thread safe.
class Probe {
public:
    virtual ~Probe() = default;
    // `point` is "<what>.before" or "<what>.after", e.g. "lock-account.before".
    virtual void at(std::string_view point) = 0;
};

class NoProbe final : public Probe {
public:
    void at(std::string_view) override {}
};

}  // namespace aipress
