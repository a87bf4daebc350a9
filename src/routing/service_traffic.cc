#include "routing/service_traffic.h"

#include <fmt/format.h>
#include <optional>

#include "base/sha256.h"
#include "gcp/fields.h"
#include "routing/allocation.h"

namespace aipress::routing {
namespace {

namespace json = boost::json;
using gcp::array_of;
using gcp::object_of;
using gcp::text_of;

constexpr std::size_t kNameDigits = 8;
// A tag and its service's name share one label of DNS.
constexpr std::size_t kTagDigits = 4;

Error refusal(gcp::RunServiceName const& service, std::string_view why) {
    return {ErrorCode::FailedPrecondition,
            fmt::format("service {} of project {}: {}", service.service, service.project, why)};
}

Error somebody_else(TrafficPlan const& plan, json::object const& service) {
    return refusal(plan.service,
                   fmt::format("its traffic was {} and is {}: somebody else moved it; nothing is "
                               "overwritten",
                               describe(plan.before), describe(array_of(service, "traffic"))));
}

bool has_settings(json::object const& service, SiteSettings const& settings) {
    auto const read = read_settings(service);
    return read.ok() && read.value() == settings;
}

bool is_prepared(TrafficPlan const& plan, json::object const& service) {
    auto const* const revision = object_of(service, "template");
    return revision != nullptr && text_of(*revision, "revision") == plan.new_revision &&
           has_settings(service, plan.settings);
}

// A new revision is made of the template; so that has to be what visitors get today.
Result<void> check_served(gcp::CloudRun const& run, Context const& context,
                          gcp::RunServiceName const& name, json::object const& service,
                          std::string const& served) {
    bool const is_newest = last_part(text_of(service, "latestReadyRevision")) == served &&
                           last_part(text_of(service, "latestCreatedRevision")) == served;
    if (is_newest) return {};
    auto const revision = TRY(run.get_revision(context, name, served));
    auto const& wanted = *object_of(service, "template");
    bool const is_same = array_of(revision, "containers") == array_of(wanted, "containers") &&
                         array_of(revision, "volumes") == array_of(wanted, "volumes");
    if (is_same) return {};
    return refusal(name, fmt::format("visitors get revision {}, which is not what its template "
                                     "says (newest: {}): deploy what they shall get, first",
                                     served, last_part(text_of(service, "latestCreatedRevision"))));
}

}  // namespace

Result<TrafficPlan> ServiceTraffic::plan(Context const& context, gcp::RunServiceName const& service,
                                         std::string const& move,
                                         SiteSettings const& settings) const {
    auto const shown = TRY(run_.get_service(context, service));
    TRY(read_settings(shown));
    auto const digits = sha256_hex(move);
    TrafficPlan plan{
        .service = service,
        .new_revision = fmt::format("{}-m{}", service.service, digits.substr(0, kNameDigits)),
        .tag = "m" + digits.substr(0, kTagDigits),
        .before = array_of(shown, "traffic"),
        .settings = settings};
    if (is_prepared(plan, shown)) {
        return refusal(service, fmt::format("it is prepared already by revision {}: go on with "
                                            "the plan that was journaled then",
                                            plan.new_revision));
    }
    auto const target = only_target(plan.before);
    if (!target) {
        return refusal(service, fmt::format("its visitors are split ({}): send all of them to one "
                                            "revision first",
                                            describe(plan.before)));
    }
    plan.old_revision = is_of_latest(*target) ? last_part(text_of(shown, "latestReadyRevision"))
                                              : text_of(*target, "revision");
    TRY(check_served(run_, context, service, shown, plan.old_revision));
    auto trial = shown.at("template").as_object();
    TRY(write_settings(trial, settings));
    return plan;
}

Result<std::string> ServiceTraffic::prepare(Context const& context, TrafficPlan const& plan) const {
    std::optional<Error> refused;
    auto const change = [&](json::object& service) {
        refused.reset();
        auto const allocation = allocation_of(plan, service);
        if (allocation == Allocation::Foreign) refused = somebody_else(plan, service);
        bool const is_there = is_prepared(plan, service) &&
                              (allocation == Allocation::Old || allocation == Allocation::New);
        if (refused || is_there) return false;
        if (allocation == Allocation::New) {
            refused = refusal(plan.service,
                              "its visitors are in the new home, but its template is not as it "
                              "was prepared: somebody else changed it");
            return false;
        }
        auto* const revision = service["template"].if_object();
        if (revision == nullptr) {
            refused = refusal(plan.service, "it has no template");
            return false;
        }
        auto const written = write_settings(*revision, plan.settings);
        if (!written.ok()) refused = written.error();
        if (refused) return false;
        (*revision)["revision"] = plan.new_revision;
        service["traffic"] = traffic_for(plan, Allocation::Old);
        return true;
    };
    auto changed = run_.update_service(context, plan.service, change);
    if (refused) return *refused;
    auto const service = TRY(std::move(changed));
    for (auto const& item : array_of(service, "trafficStatuses")) {
        if (item.is_object() && text_of(item.get_object(), "tag") == plan.tag) {
            return text_of(item.get_object(), "uri");
        }
    }
    return refusal(plan.service, "its new revision has no address");
}

Result<milliseconds> ServiceTraffic::flip(Context const& context, TrafficPlan const& plan,
                                          Side side) const {
    auto const begun = context.clock().now();
    auto const wanted = side == Side::New ? Allocation::New : Allocation::Old;
    std::optional<Error> refused;
    bool is_untouched = false;
    auto const traffic = [&](json::object const& service) -> std::optional<json::array> {
        refused.reset();
        auto const allocation = allocation_of(plan, service);
        is_untouched = allocation == Allocation::Before || allocation == Allocation::Restored;
        if (allocation == Allocation::Foreign) refused = somebody_else(plan, service);
        if (is_untouched && side == Side::New) {
            refused = refusal(plan.service, "it is not prepared: there is nothing to flip to");
        }
        if (refused || is_untouched || allocation == wanted) return std::nullopt;
        return traffic_for(plan, wanted);
    };
    auto const revision = side == Side::New ? plan.new_revision : plan.old_revision;
    auto const flipped =
        run_.update_traffic(context, plan.service, traffic, [&](json::object const& service) {
            return refused || is_untouched || is_served_by(service, revision);
        });
    if (refused) return *refused;
    if (!flipped.ok()) return flipped.error();
    return elapsed_ms(begun, context.clock().now());
}

Result<void> ServiceTraffic::restore_template(Context const& context,
                                              TrafficPlan const& plan) const {
    auto const former = TRY(run_.get_revision(context, plan.service, plan.old_revision));
    std::optional<Error> refused;
    auto const change = [&](json::object& service) {
        refused.reset();
        if (!has_settings(service, plan.settings)) return false;
        auto const allocation = allocation_of(plan, service);
        if (allocation == Allocation::New) {
            refused = refusal(plan.service,
                              "its visitors are in the new home: flip them back "
                              "before this is undone");
        } else if (allocation == Allocation::Foreign) {
            refused = somebody_else(plan, service);
        }
        auto& revision = service["template"].as_object();
        auto const copied = copy_settings(revision, former);
        if (!copied.ok() && !refused) refused = copied.error();
        if (refused) return false;
        revision.erase("revision");
        service["traffic"] = traffic_for(plan, Allocation::Restored);
        return true;
    };
    auto const changed = run_.update_service(context, plan.service, change);
    if (refused) return *refused;
    if (!changed.ok()) return changed.error();
    return {};
}

Result<void> ServiceTraffic::restore_traffic(Context const& context,
                                             TrafficPlan const& plan) const {
    std::optional<Error> refused;
    auto const traffic = [&](json::object const& service) -> std::optional<json::array> {
        refused.reset();
        auto const allocation = allocation_of(plan, service);
        if (allocation == Allocation::Before) return std::nullopt;
        if (allocation != Allocation::Restored && allocation != Allocation::Old) {
            refused = somebody_else(plan, service);
        } else if (last_part(text_of(service, "latestReadyRevision")) == plan.new_revision) {
            refused = refusal(plan.service, "its latest revision still is the new home's");
        }
        if (refused) return std::nullopt;
        return plan.before;
    };
    auto const changed = run_.update_traffic(
        context, plan.service, traffic,
        [&](json::object const& service) { return refused || is_settled(service); });
    if (refused) return *refused;
    if (!changed.ok()) return changed.error();
    return {};
}

Result<void> ServiceTraffic::forget(Context const& context, TrafficPlan const& plan) const {
    auto const service = TRY(run_.get_service(context, plan.service));
    bool const is_untouched =
        allocation_of(plan, service) == Allocation::Before && !has_settings(service, plan.settings);
    if (is_untouched) return {};
    TRY(restore_template(context, plan));
    return restore_traffic(context, plan);
}

}  // namespace aipress::routing
