#include "objects/changes.h"

#include <fmt/format.h>

#include "objects/carry.h"
#include "objects/limits.h"

namespace aipress::objects {
namespace {

using gcp::ApiError;
using gcp::Object;
using gcp::Outcome;

// The generation that the call was about is no more: 404 for a source's, 412 for a target's.
bool is_overtaken(ApiError const& error) {
    return error.code() == ErrorCode::NotFound || error.is_condition_not_met();
}

// Not said by its code alone: Google has 403 for it, as for a permission that is missing.
bool is_kept(ApiError const& error) {
    auto const says = [&](std::string_view word) {
        return error.message().find(word) != std::string::npos;
    };
    return error.http_status == 403 &&
           (error.reason == "retentionPolicyNotMet" || error.reason == "objectUnderActiveHold" ||
            says("retention") || says(" hold"));
}

ApiError explained(ApiError error, std::string const& what) {
    auto code = error.code();
    auto message = fmt::format("{}: {}", what, error.message());
    if (is_kept(error)) {
        code = ErrorCode::FailedPrecondition;
        message +=
            ". A hold or a retention policy keeps the object that is there: release it "
            "(gcloud storage objects update --no-temporary-hold --no-event-based-hold) or "
            "wait until its time is over, then repeat";
    }
    static_cast<Error&>(error) = Error(code, std::move(message));
    return error;
}

// nullopt: it is not there.
Outcome<std::optional<Object>> look(Context const& context, gcp::Storage const& storage,
                                    std::string const& bucket, std::string const& name) {
    auto found = storage.get_object(context, bucket, name);
    if (found.ok()) return std::optional<Object>(found.release());
    if (found.error().code() == ErrorCode::NotFound) return std::optional<Object>();
    return found.release_error();
}

// A bucket that is gone answers like an object that is.
Outcome<gcp::Done> check_buckets(Context const& context, gcp::Storage const& storage,
                                 FolderPair const& folders) {
    for (auto const* const folder : {&folders.from, &folders.to}) {
        (void)TRY(storage.list_page(context, {.bucket = folder->bucket, .page_size = 1}, ""));
    }
    return gcp::Done();
}

Outcome<Ending> copy(Context const& context, gcp::Storage const& storage, FolderPair const& folders,
                     Change const& change) {
    auto source = *change.source;
    auto expected = change.target;
    auto const target = folders.to.full_name(change.name);
    auto const what = fmt::format("copying {}{} to {}{}", folders.from.url(), change.name,
                                  folders.to.url(), change.name);
    for (unsigned looks = 0;; ++looks) {
        auto made = storage.rewrite_object(context, source, folders.to.bucket, target, expected);
        bool const was_overtaken = looks > 0;
        if (made.ok()) {
            return Ending{.end = End::Copied, .was_overtaken = was_overtaken, .bytes = made->size};
        }
        if (!is_overtaken(made.error())) return explained(made.release_error(), what);
        if (looks == limits::kLooks) {
            TRY(check_buckets(context, storage, folders));
            return Ending{.end = End::Unsettled, .was_overtaken = true};
        }
        auto now = TRY(look(context, storage, source.bucket, source.name));
        if (!now) return Ending{.end = End::Vanished, .was_overtaken = true};
        auto const there = TRY(look(context, storage, folders.to.bucket, target));
        if (there && is_same(*now, *there)) return Ending{.was_overtaken = true};
        source = std::move(*now);
        expected = there ? there->generation : gcp::kAbsent;
    }
}

Outcome<Ending> remove(Context const& context, gcp::Storage const& storage, Folder const& folder,
                       Change const& change) {
    auto const name = folder.full_name(change.name);
    auto removed = storage.delete_object(context, folder.bucket, name, change.target);
    if (removed.ok()) return Ending{.end = End::Deleted};
    // Whoever replaced it may have meant it: the next pass sees what both sides have then.
    if (is_overtaken(removed.error())) return Ending{.end = End::Unsettled, .was_overtaken = true};
    return explained(removed.release_error(),
                     fmt::format("deleting gs://{}/{}", folder.bucket, name));
}

}  // namespace

Outcome<Ending> make_change(Context const& context, gcp::Storage const& storage,
                            FolderPair const& folders, Change const& change) {
    return change.source ? copy(context, storage, folders, change)
                         : remove(context, storage, folders.to, change);
}

Result<void> check_name(std::string_view name, Folder const& folder) {
    auto const bytes = folder.prefix.size() + name.size();
    if (bytes <= limits::kNameBytes) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("'{}' is {} bytes long below {}: Cloud Storage has {} at most; rename "
                             "the file on its site, or choose a shorter prefix",
                             name, bytes, folder.url(), limits::kNameBytes));
}

}  // namespace aipress::objects
