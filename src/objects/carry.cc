#include "objects/carry.h"

#include <fmt/format.h>
#include <mutex>

#include "base/workers.h"
#include "objects/changes.h"

namespace aipress::objects {
namespace {

using gcp::Done;
using gcp::Outcome;

// Every so many names one is kept; when there are too many, every second goes, and they become
// rarer.
class WaypointPicker {
public:
    void pass(std::uint64_t count, std::string_view name) {
        if (count % stride_ != 0) return;
        picked_.emplace_back(name);
        if (picked_.size() <= limits::kWaypoints) return;
        Waypoints kept;
        for (std::size_t i = 1; i < picked_.size(); i += 2) kept.push_back(std::move(picked_[i]));
        picked_ = std::move(kept);
        stride_ *= 2;
    }
    [[nodiscard]] Waypoints const& picked() const { return picked_; }

private:
    std::uint64_t stride_ = limits::kPageObjects;
    Waypoints picked_;
};

// Thread safe.
class Tally {
public:
    explicit Tally(Progress const& progress) : progress_(progress) {}

    void count_source(Pair const& pair) {
        std::lock_guard const lock(mutex_);
        ++report_.listed;
        report_.listed_bytes += pair.from->size;
        waypoints_.pass(report_.listed, pair.name);
        if (report_.listed % limits::kPageObjects == 0) tell();
    }
    void count_unchanged() {
        std::lock_guard const lock(mutex_);
        ++report_.unchanged;
    }
    void count(Ending const& ending) {
        std::lock_guard const lock(mutex_);
        report_.overtaken += ending.was_overtaken ? 1 : 0;
        report_.copied_bytes += ending.bytes;
        switch (ending.end) {
            case End::Copied:
                ++report_.copied;
                break;
            case End::Deleted:
                ++report_.deleted;
                break;
            case End::Settled:
                ++report_.unchanged;
                break;
            case End::Vanished:
                ++report_.vanished;
                break;
            case End::Unsettled:
                ++report_.unsettled;
                break;
        }
        tell();
    }
    // REQUIRES: nobody counts any more.
    [[nodiscard]] PassReport release() {
        report_.waypoints = waypoints_.picked();
        tell();
        return std::move(report_);
    }

private:
    void tell() {
        if (progress_) progress_(report_);
    }

    Progress const& progress_;
    std::mutex mutex_;
    PassReport report_;
    WaypointPicker waypoints_;
};

Result<void> check_target(Folder const& to, WholeBucket whole_bucket) {
    if (!to.prefix.empty() || whole_bucket == WholeBucket::IsTheTenants) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("{} is all of a bucket, where everything that the source does not "
                             "have would be deleted: name a prefix, or say that the bucket is this "
                             "tenant's alone",
                             to.url()));
}

}  // namespace

bool is_same(gcp::Object const& a, gcp::Object const& b) {
    return a.size == b.size && a.crc32c == b.crc32c && !a.crc32c.empty() &&
           a.content_type == b.content_type && a.metadata == b.metadata;
}

Outcome<PassReport> carry(Context const& context, gcp::Storage const& storage,
                          FolderPair const& folders, PassOptions const& options,
                          Progress const& progress) {
    TRY(check_folders(folders));
    TRY(check_target(folders.to, options.whole_bucket));
    Tally tally(progress);
    Workers<Change, Outcome<Done>> workers(
        options.workers, [&](unsigned, Change& change) -> Outcome<Done> {
            tally.count(TRY(make_change(context, storage, folders, change)));
            return Done();
        });
    auto const see = [&](Pair const& pair) -> Outcome<Done> {
        if (pair.from != nullptr) tally.count_source(pair);
        if (pair.from != nullptr && pair.to != nullptr && is_same(*pair.from, *pair.to)) {
            tally.count_unchanged();
            return Done();
        }
        Change change{.name = std::string(pair.name)};
        if (pair.from != nullptr) {
            TRY(check_name(pair.name, folders.to));
            change.source = *pair.from;
        }
        if (pair.to != nullptr) change.target = pair.to->generation;
        if (workers.add(std::move(change))) return Done();
        return Error(ErrorCode::Cancelled, "a change has failed");
    };
    auto listed = each_pair(context, storage, folders, options.waypoints, see);
    // What was listed before the listing broke is not begun any more.
    if (!listed.ok()) workers.abandon();
    if (auto failure = workers.finish()) return failure->release_error();
    if (!listed.ok()) return listed.release_error();
    return tally.release();
}

}  // namespace aipress::objects
