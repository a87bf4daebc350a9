#include "migration/files.h"

#include <fmt/format.h>

#include "base/workers.h"
#include "objects/preflight.h"

namespace aipress::migration {
namespace {

// Passes after which the rest is left to the one in the fence, and what that may have to do.
constexpr unsigned kPassesMost = 6;
constexpr std::uint64_t kLittle = 8;

}  // namespace

Facts to_json(objects::PassReport const& report) {
    return {{"listed", report.listed},
            {"listed_bytes", report.listed_bytes},
            {"unchanged", report.unchanged},
            {"copied", report.copied},
            {"copied_bytes", report.copied_bytes},
            {"deleted", report.deleted},
            {"overtaken", report.overtaken}};
}

objects::FolderPair Files::folders(Way way) const {
    objects::Folder const old_folder{.bucket = work_.relocation.from.bucket,
                                     .prefix = work_.relocation.from.prefix};
    objects::Folder const new_folder{.bucket = work_.relocation.to.bucket,
                                     .prefix = work_.relocation.to.prefix};
    if (way == Way::Forth) return {.from = old_folder, .to = new_folder};
    return {.from = new_folder, .to = old_folder};
}

Result<objects::PassReport> Files::carry(Context const& context, Way way) {
    objects::PassOptions options{.workers = work_.options.file_workers,
                                 // A home of before is a bucket of the tenant's own.
                                 .whole_bucket = way == Way::Back
                                                     ? objects::WholeBucket::IsTheTenants
                                                     : objects::WholeBucket::Refused};
    {
        std::lock_guard const lock(mutex_);
        options.waypoints = waypoints_;
    }
    auto report = TRY(
        objects::carry(context, work_.cloud.storage, folders(way), options, [](auto const&) {}));
    std::lock_guard const lock(mutex_);
    waypoints_ = report.waypoints;
    return report;
}

Result<objects::PassReport> Files::catch_up(Context const& context, Way way) {
    objects::PassReport total;
    for (unsigned pass = 1;; ++pass) {
        auto const report = TRY(carry(context, way));
        total.listed = report.listed;
        total.listed_bytes = report.listed_bytes;
        total.unchanged = report.unchanged;
        total.copied += report.copied;
        total.copied_bytes += report.copied_bytes;
        total.deleted += report.deleted;
        total.overtaken += report.overtaken;
        if (report.copied + report.deleted + report.overtaken <= kLittle) return total;
        if (pass == kPassesMost) return total;
        work_.say(fmt::format("files: {} copied, {} bytes; looking again", total.copied,
                              total.copied_bytes));
    }
}

Result<objects::Comparison> Files::compare(Context const& context) {
    return Result<objects::Comparison>(
        TRY(objects::compare(context, work_.cloud.storage, folders(Way::Forth))));
}

// Whatever is below the prefix is this tenant's.
Result<void> Files::empty_new_folder(Context const& context) const {
    auto const& home = work_.relocation.to;
    ASSERT(!home.prefix.empty());
    Workers<gcp::Object, gcp::Outcome<gcp::Done>> workers(
        work_.options.file_workers, [&](unsigned, gcp::Object const& object) {
            return work_.cloud.storage.delete_object(context, home.bucket, object.name,
                                                     object.generation);
        });
    auto const listed = work_.cloud.storage.list_objects(
        context, {.bucket = home.bucket, .prefix = home.prefix},
        [&](gcp::Object const& object) -> gcp::Outcome<gcp::Done> {
            (void)workers.add(object);  // none is taken any more once one has failed
            return gcp::Done();
        });
    if (auto const failure = workers.finish()) return failure->error();
    if (!listed.ok()) return listed.error();
    return {};
}

std::vector<Action> Files::actions() {
    Action const preflight{
        .name = "files/preflight",
        .act = [this](Context const& context, Facts const&) -> Result<Facts> {
            auto const found =
                TRY(objects::preflight(context, work_.cloud.storage, folders(Way::Forth)));
            return Facts{
                {"objects", found.objects}, {"bytes", found.bytes}, {"at_target", found.at_target}};
        }};
    Action const copy{.name = "files/copy",
                      .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                          return to_json(TRY(catch_up(context, Way::Forth)));
                      },
                      .undo = [this](Context const& context,
                                     ActionRecord const&) { return empty_new_folder(context); }};
    return {preflight, copy};
}

}  // namespace aipress::migration
