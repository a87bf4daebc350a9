#include "objects/compare.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "objects/limits.h"

namespace aipress::objects {
namespace {

std::optional<Difference::Kind> difference_in(Pair const& pair) {
    if (pair.to == nullptr) return Difference::Kind::OnlyInFrom;
    if (pair.from == nullptr) return Difference::Kind::OnlyInTo;
    if (pair.from->size != pair.to->size) return Difference::Kind::Size;
    // One without a sum proves nothing.
    bool const is_proven = !pair.from->crc32c.empty() && pair.from->crc32c == pair.to->crc32c;
    if (!is_proven) return Difference::Kind::Checksum;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Difference::Kind kind) {
    switch (kind) {
        case Difference::Kind::OnlyInFrom:
            return "only in the source";
        case Difference::Kind::OnlyInTo:
            return "only in the target";
        case Difference::Kind::Size:
            return "sizes differ";
        case Difference::Kind::Checksum:
            return "checksums differ";
    }
    return "";
}

gcp::Outcome<Comparison> compare(Context const& context, gcp::Storage const& storage,
                                 FolderPair const& folders, Waypoints const& waypoints) {
    TRY(check_folders(folders));
    std::mutex mutex;
    Comparison comparison;
    auto const by_name = [](Difference const& a, Difference const& b) { return a.name < b.name; };
    auto const see = [&](Pair const& pair) -> gcp::Outcome<gcp::Done> {
        auto const kind = difference_in(pair);
        std::lock_guard const lock(mutex);
        if (pair.from != nullptr) {
            ++comparison.objects;
            comparison.bytes += pair.from->size;
        }
        if (!kind) return gcp::Done();
        ++comparison.different;
        auto& first = comparison.first;
        Difference difference{.kind = *kind, .name = std::string(pair.name)};
        first.insert(std::upper_bound(first.begin(), first.end(), difference, by_name),
                     std::move(difference));
        if (first.size() > limits::kNamesShown) first.pop_back();
        return gcp::Done();
    };
    TRY(each_pair(context, storage, folders, waypoints, see));
    return comparison;
}

}  // namespace aipress::objects
