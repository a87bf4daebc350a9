#include "routing/allocation.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>
#include <vector>

#include "gcp/fields.h"

namespace aipress::routing {
namespace {

namespace json = boost::json;
using gcp::array_of;
using gcp::integer_of;
using gcp::text_of;

constexpr std::string_view kLatest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
constexpr std::string_view kByName = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";

std::int64_t percent_of(json::object const& target) {
    return integer_of(target, "percent").value_or(0);
}

// Revision ("" for the latest), percent, tag: what a target means. One that means nothing is left
// out.
using Meaning = std::vector<std::tuple<std::string, std::int64_t, std::string>>;
Meaning meaning_of(json::array const& traffic) {
    Meaning meaning;
    for (auto const& item : traffic) {
        if (!item.is_object()) continue;
        auto const& target = item.get_object();
        auto const tag = text_of(target, "tag");
        if (percent_of(target) == 0 && tag.empty()) continue;
        meaning.emplace_back(is_of_latest(target) ? "" : text_of(target, "revision"),
                             percent_of(target), tag);
    }
    std::sort(meaning.begin(), meaning.end());
    return meaning;
}

}  // namespace

std::string last_part(std::string const& name) {
    return name.substr(name.rfind('/') + 1);
}

bool is_of_latest(json::object const& target) {
    return text_of(target, "type") == kLatest || text_of(target, "revision").empty();
}

std::optional<json::object> only_target(json::array const& traffic) {
    for (auto const& item : traffic) {
        if (item.is_object() && percent_of(item.get_object()) == 100) return item.get_object();
    }
    return std::nullopt;
}

json::array traffic_for(TrafficPlan const& plan, Allocation allocation) {
    ASSERT(allocation != Allocation::Foreign);
    if (allocation == Allocation::Before) return plan.before;
    json::array traffic;
    for (auto const& item : plan.before) {
        auto target = item.as_object();
        // What follows the latest revision would follow it to the new home.
        if (is_of_latest(target)) target["revision"] = plan.old_revision;
        target["type"] = kByName;
        if (allocation == Allocation::New) target.erase("percent");
        bool const is_needed = percent_of(target) > 0 || target.contains("tag");
        if (is_needed) traffic.push_back(std::move(target));
    }
    if (allocation == Allocation::Restored) return traffic;
    json::object target{{"type", kByName}, {"revision", plan.new_revision}, {"tag", plan.tag}};
    if (allocation == Allocation::New) target["percent"] = 100;
    traffic.push_back(std::move(target));
    return traffic;
}

Allocation allocation_of(TrafficPlan const& plan, json::object const& service) {
    auto const meaning = meaning_of(array_of(service, "traffic"));
    // Where the plan's traffic was by name and without tags, Before and Restored are the same.
    for (auto const one :
         {Allocation::Before, Allocation::Old, Allocation::New, Allocation::Restored}) {
        if (meaning == meaning_of(traffic_for(plan, one))) return one;
    }
    return Allocation::Foreign;
}

std::string describe(json::array const& traffic) {
    std::vector<std::string> texts;
    for (auto const& [revision, percent, tag] : meaning_of(traffic)) {
        auto const where = revision.empty() ? "the latest revision" : revision;
        if (percent > 0) texts.push_back(fmt::format("{} % {}", percent, where));
        if (!tag.empty()) texts.push_back(fmt::format("tag {} at {}", tag, where));
    }
    return fmt::format("{}", fmt::join(texts, ", "));
}

bool is_settled(json::object const& service) {
    return !gcp::bool_of(service, "reconciling") &&
           text_of(service, "generation") == text_of(service, "observedGeneration");
}

bool is_served_by(json::object const& service, std::string const& revision) {
    if (!is_settled(service)) return false;
    auto const target = only_target(array_of(service, "trafficStatuses"));
    if (!target) return false;
    // Where the newest revision failed, Cloud Run stays with the allocation of before, which may
    // have been by "the latest that is ready".
    auto const served = is_of_latest(*target) ? last_part(text_of(service, "latestReadyRevision"))
                                              : text_of(*target, "revision");
    return served == revision;
}

}  // namespace aipress::routing
