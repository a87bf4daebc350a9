// The moves while they run: a line a tenant, redrawn on a terminal, printed now and then elsewhere.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "base/clock.h"
#include "testing/rehearsal/mover_process.h"
#include "testing/rehearsal/visitors.h"

namespace aipress::rehearsal {

struct TenantProgress {
    std::string name;
    MoveStatus move;
    VisitStatistics visits;
    std::size_t comments = 0;
};

// "blog    copying     source  41 %  …": ASCII, without a line end.
[[nodiscard]] std::string progress_line(TenantProgress const& tenant);

// Not thread safe.
class ProgressDisplay {
public:
    // Redraws when `stream` is a terminal. The clock outlives the display.
    ProgressDisplay(std::FILE* stream, Clock const& clock);

    // On a terminal always; elsewhere when a state has changed or some seconds have passed.
    void show(std::vector<TenantProgress> const& tenants);
    // A line that stays.
    void say(std::string const& line);

private:
    std::FILE* stream_;
    Clock const& clock_;
    bool is_terminal_;
    std::size_t lines_to_redraw_ = 0;
    std::string last_states_;
    SteadyTime last_shown_;
};

}  // namespace aipress::rehearsal
