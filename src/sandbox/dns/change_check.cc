#include "sandbox/dns/change_check.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "sandbox/dns/limits.h"

namespace aipress::sandbox::dns {
namespace {

using SetsByType = std::map<std::string, RecordSet>;
using SetsByName = std::map<std::string, SetsByType>;

std::string path_of(std::string const& pattern, std::size_t index) {
    return fmt::format(fmt::runtime(pattern), index);
}

std::size_t data_bytes(std::vector<RecordSet> const& sets) {
    std::size_t bytes = 0;
    for (auto const& set : sets) {
        for (auto const& one : set.data) bytes += one.size();
    }
    return bytes;
}

Outcome<Done> check_quota(Change const& change) {
    if (change.additions.size() > kAdditionsPerChange) {
        return quota_exceeded("additions per change");
    }
    if (change.deletions.size() > kDeletionsPerChange) {
        return quota_exceeded("deletions per change");
    }
    if (data_bytes(change.additions) + data_bytes(change.deletions) > kDataBytesPerChange) {
        return quota_exceeded("total rrdata size per change");
    }
    return Done();
}

Outcome<SetsByName> touched_names(Change const& change, SetsAt const& sets_at) {
    SetsByName names;
    for (auto const* const sets : {&change.deletions, &change.additions}) {
        for (auto const& set : *sets) {
            if (names.contains(set.name)) continue;
            auto& types = names[set.name];
            for (auto& live : TRY(sets_at(set.name))) types.emplace(live.type, live);
        }
    }
    return names;
}

Outcome<Done> remove_all(std::vector<RecordSet> const& deletions, SetsByName& names,
                         std::string const& pattern) {
    for (std::size_t at = 0; at < deletions.size(); ++at) {
        auto const& deletion = deletions[at];
        auto& types = names.at(deletion.name);
        auto const found = types.find(deletion.type);
        if (found == types.end()) {
            return ApiError{
                .code = ErrorCode::NotFound,
                .message = fmt::format("The '{}' resource named '{} ({})' does not exist.",
                                       path_of(pattern, at), deletion.name, deletion.type)};
        }
        if (!found->second.is_same_as(deletion)) {
            return ApiError{
                .code = ErrorCode::FailedPrecondition,
                .message = fmt::format("Precondition not met for '{}'", path_of(pattern, at)),
                .http_status = 412};
        }
        types.erase(found);
    }
    return Done();
}

Outcome<Done> add_all(std::vector<RecordSet> const& additions, SetsByName& names,
                      std::string const& pattern) {
    for (std::size_t at = 0; at < additions.size(); ++at) {
        auto const& addition = additions[at];
        if (names.at(addition.name).emplace(addition.type, addition).second) continue;
        return ApiError{.code = ErrorCode::AlreadyExists,
                        .message = fmt::format("The resource '{}' named '{} ({})' already exists",
                                               path_of(pattern, at), addition.name, addition.type),
                        .legacy_reason = "alreadyExists"};
    }
    return Done();
}

ApiError invalid_apex(std::string const& path, std::string_view type) {
    return {.code = ErrorCode::InvalidArgument,
            .message = fmt::format("The resource record set '{}' is invalid because a zone must "
                                   "contain exactly one resource record set of type '{}' at the "
                                   "apex.",
                                   path, type),
            .legacy_reason = "invalidZoneApex"};
}

Outcome<Done> check_apex(Change const& change, std::string const& zone, SetsByName const& names,
                         ChangePaths const& paths) {
    for (std::size_t at = 0; at < change.additions.size(); ++at) {
        auto const& addition = change.additions[at];
        if (addition.type == "SOA" && addition.name != zone) {
            return invalid_apex(path_of(paths.additions, at), "SOA");
        }
    }
    for (std::size_t at = 0; at < change.deletions.size(); ++at) {
        auto const& deletion = change.deletions[at];
        bool const is_needed =
            deletion.name == zone && (deletion.type == "SOA" || deletion.type == "NS");
        if (is_needed && !names.at(zone).contains(deletion.type)) {
            return invalid_apex(path_of(paths.deletions, at), deletion.type);
        }
    }
    return Done();
}

Outcome<Done> check_aliases(std::vector<RecordSet> const& additions, SetsByName const& names,
                            std::string const& pattern) {
    for (std::size_t at = 0; at < additions.size(); ++at) {
        auto const& types = names.at(additions[at].name);
        if (types.size() == 1 || !types.contains("CNAME")) continue;
        return ApiError{
            .code = ErrorCode::InvalidArgument,
            .message = fmt::format("The resource record set '{}' is invalid because the DNS name "
                                   "'{}' may have either one CNAME resource record set or resource "
                                   "record sets of other types, but not both.",
                                   path_of(pattern, at), additions[at].name),
            .legacy_reason = "cnameResourceRecordSetConflict"};
    }
    return Done();
}

}  // namespace

Outcome<Done> check_change(Change const& change, std::string const& zone, SetsAt const& sets_at,
                           ChangePaths const& paths) {
    TRY(check_quota(change));
    auto names = TRY(touched_names(change, sets_at));
    TRY(remove_all(change.deletions, names, paths.deletions));
    TRY(add_all(change.additions, names, paths.additions));
    TRY(check_apex(change, zone, names, paths));
    TRY(check_aliases(change.additions, names, paths.additions));
    return Done();
}

}  // namespace aipress::sandbox::dns
