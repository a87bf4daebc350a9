#include "objects/listing.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/workers.h"
#include "objects/limits.h"

namespace aipress::objects {
namespace {

using gcp::Done;
using gcp::Outcome;

gcp::ObjectList list_of(Folder const& folder, NameRange const& range) {
    gcp::ObjectList list{
        .bucket = folder.bucket, .prefix = folder.prefix, .page_size = limits::kPageObjects};
    if (!range.start.empty()) list.start = folder.full_name(range.start);
    if (!range.end.empty()) list.end = folder.full_name(range.end);
    return list;
}

Outcome<Done> merge(Context const& context, gcp::Storage const& storage, FolderPair const& folders,
                    NameRange const& range, PairVisitor const& visit) {
    Listing from_listing(context, storage, folders.from, range);
    Listing to_listing(context, storage, folders.to, range);
    auto const below = [](gcp::Object const& object, Folder const& folder) {
        return std::string_view(object.name).substr(folder.prefix.size());
    };
    auto const* from = TRY(from_listing.next());
    auto const* to = TRY(to_listing.next());
    while (from != nullptr || to != nullptr) {
        Pair pair{.from = from, .to = to};
        if (from != nullptr && to != nullptr) {
            auto const order = below(*from, folders.from).compare(below(*to, folders.to));
            if (order < 0) pair.to = nullptr;
            if (order > 0) pair.from = nullptr;
        }
        pair.name =
            pair.from != nullptr ? below(*pair.from, folders.from) : below(*pair.to, folders.to);
        TRY(visit(pair));
        if (pair.from != nullptr) from = TRY(from_listing.next());
        if (pair.to != nullptr) to = TRY(to_listing.next());
    }
    return Done();
}

std::vector<NameRange> ranges_between(Waypoints waypoints) {
    std::sort(waypoints.begin(), waypoints.end());
    waypoints.erase(std::unique(waypoints.begin(), waypoints.end()), waypoints.end());
    std::vector<NameRange> ranges(1);
    for (auto& waypoint : waypoints) {
        if (waypoint.empty()) continue;
        ranges.back().end = waypoint;
        ranges.push_back({.start = std::move(waypoint)});
    }
    return ranges;
}

}  // namespace

Listing::Listing(Context const& context, gcp::Storage const& storage, Folder const& folder,
                 NameRange const& range)
    : storage_(storage),
      prefix_(folder.prefix),
      list_(list_of(folder, range)),
      pass_on_(context.stop(), [this] { stop_.request_stop(); }),
      context_(context.stopped_by(stop_.get_token())) {
    ask("");
}

Listing::~Listing() {
    stop_.request_stop();  // a page that nobody reads any more
    if (coming_.valid()) coming_.wait();
}

void Listing::ask(std::string token) {
    coming_ = std::async(std::launch::async, [this, token = std::move(token)] {
        return storage_.list_page(context_, list_, token);
    });
}

Outcome<Done> Listing::take_page() {
    page_ = TRY(coming_.get());
    at_ = 0;
    if (page_.next.empty()) return Done();
    if (page_.next == last_token_) {
        return Error(ErrorCode::Internal,
                     fmt::format("listing gs://{}: the pages do not end", list_.bucket));
    }
    last_token_ = page_.next;
    ask(page_.next);
    return Done();
}

Outcome<Done> Listing::check(gcp::Object const& object) {
    bool const is_in_order = last_.empty() || last_ < object.name;
    if (is_in_order && object.name.starts_with(prefix_)) {
        last_ = object.name;
        return Done();
    }
    return Error(ErrorCode::Internal,
                 fmt::format("listing gs://{}/{}: '{}' does not belong behind '{}'", list_.bucket,
                             prefix_, object.name, last_));
}

Outcome<gcp::Object const*> Listing::next() {
    for (;;) {
        while (at_ == page_.objects.size()) {
            if (!coming_.valid()) return nullptr;
            TRY(take_page());
        }
        auto const& object = page_.objects[at_++];
        TRY(check(object));
        if (object.name.size() > prefix_.size()) return &object;
    }
}

Outcome<Done> each_pair(Context const& context, gcp::Storage const& storage,
                        FolderPair const& folders, Waypoints const& waypoints,
                        PairVisitor const& visit) {
    auto ranges = ranges_between(waypoints);
    if (ranges.size() == 1) return merge(context, storage, folders, ranges[0], visit);
    std::stop_source stop;
    std::stop_callback const pass_on(context.stop(), [&] { stop.request_stop(); });
    auto const during = context.stopped_by(stop.get_token());
    Workers<NameRange, Outcome<Done>> workers(
        static_cast<unsigned>(ranges.size()),
        [&](unsigned, NameRange& range) { return merge(during, storage, folders, range, visit); },
        stop);
    for (auto& range : ranges) {
        if (!workers.add(std::move(range))) break;
    }
    if (auto failure = workers.finish()) return std::move(*failure);
    return Done();
}

}  // namespace aipress::objects
