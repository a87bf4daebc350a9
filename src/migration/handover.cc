#include "migration/handover.h"

#include "routing/journaled.h"
#include "routing/service_traffic.h"

namespace aipress::migration {

Result<void> Handover::announce(Context const& context, mover::Side owner, mover::Side serving) {
    auto const plan =
        TRY(routing::read_traffic_plan(work_.journal.content().before("provision/old-revision")));
    routing::ServiceTraffic const traffic(work_.cloud.connection);
    bool const is_new = owner == mover::Side::Target;
    HandoverTimes times;
    auto const begun = work_.clock.now();
    // Visitors first: what a page that is still being made puts into the other folder comes along.
    TRY(traffic.flip(context, plan, is_new ? routing::Side::New : routing::Side::Old));
    auto const flipped = work_.clock.now();
    times.flip = elapsed_ms(begun, flipped);
    bool const leaves_files = !is_new && leaves_old_files();
    if (owner != serving && !leaves_files) {
        auto const way = is_new ? Files::Way::Forth : Files::Way::Back;
        auto const report = TRY(files_.carry(context, way).in_context("the last files"));
        times.files_copied = report.copied;
        times.files = elapsed_ms(flipped, work_.clock.now());
    }
    std::lock_guard const lock(mutex_);
    times_ = times;
    return {};
}

void Handover::leave_old_files() {
    std::lock_guard const lock(mutex_);
    leaves_old_files_ = true;
}

bool Handover::leaves_old_files() const {
    std::lock_guard const lock(mutex_);
    return leaves_old_files_;
}

HandoverTimes Handover::times() const {
    std::lock_guard const lock(mutex_);
    return times_;
}

}  // namespace aipress::migration
