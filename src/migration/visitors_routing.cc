#include "migration/visitors_routing.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "fleet/shard.h"
#include "gcp/fields.h"
#include "json/fields.h"
#include "routing/journaled.h"

namespace aipress::migration {
namespace {

namespace json = boost::json;

constexpr char const* kForgottenAt = "forgotten_at";  // milliseconds since 1970

routing::Records records_of(Workspace const& work) {
    return routing::Records(
        work.cloud.connection,
        {.project = work.relocation.dns_project, .zone = work.relocation.dns_zone},
        work.surroundings.dns_server);
}

std::uint32_t ttl_of(Workspace const& work) {
    return static_cast<std::uint32_t>(work.options.ttl_seconds);
}

Facts published(routing::Published const& done) {
    auto facts = routing::to_json(done.records);
    facts[kForgottenAt] =
        std::chrono::duration_cast<milliseconds>(done.forgotten_at.time_since_epoch()).count();
    return facts;
}

std::vector<std::string> hosts_of(Workspace const& work) {
    auto hosts = work.relocation.aliases;
    hosts.insert(hosts.begin(), work.relocation.host);
    return hosts;
}

// "aipress.io" of "tenant-001.aipress.io": the zone's own name.
Result<std::string> domain_of(Context const& context, Workspace const& work) {
    auto const zone = TRY(work.cloud.dns.get_zone(
        context, {.project = work.relocation.dns_project, .zone = work.relocation.dns_zone}));
    auto name = gcp::text_of(zone, "dnsName");
    if (name.ends_with('.')) name.pop_back();
    return name;
}

Result<Facts> current_records(Context const& context, Workspace const& work) {
    return routing::to_json(TRY(records_of(work).read_current(context, work.relocation.host)));
}

}  // namespace

Action lower_ttl(Workspace const& work) {
    return {.name = "provision/ttl",
            .look = [&work](Context const& context) { return current_records(context, work); },
            .act = [&work](Context const& context, Facts const& before) -> Result<Facts> {
                return published(TRY(records_of(work).lower_ttl(
                    context, TRY(routing::read_records(before)), ttl_of(work))));
            },
            .undo = [&work](Context const& context, ActionRecord const& record) -> Result<void> {
                auto const before = TRY(routing::read_records(record.before));
                auto lowered = before;
                for (auto& set : lowered.sets) {
                    set.ttl = std::min(set.ttl, work.options.ttl_seconds);
                }
                TRY(records_of(work).restore(context, lowered, before));
                return {};
            }};
}

Action wait_for_ttl(Workspace const& work) {
    return {.name = "routing/wait",
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                auto const lowered = work.journal.content().facts("provision/ttl");
                WallTime const forgotten(
                    milliseconds(TRY(aipress::json::get_integer(lowered, kForgottenAt))));
                auto const left = forgotten - work.clock.wall_now();
                if (left > milliseconds(0)) {
                    work.say(
                        fmt::format("routing: waiting {} s until every cache has forgotten "
                                    "the record's old TTL",
                                    std::chrono::ceil<std::chrono::seconds>(left).count()));
                }
                TRY(routing::wait_until(context, forgotten));
                return Facts();
            }};
}

Action map_hosts(Workspace const& work) {
    return {.name = "routing/front",
            .look = [&work](Context const& context) -> Result<Facts> {
                routing::Front const front(work.cloud.connection);
                json::object mappings;
                for (auto const& host : hosts_of(work)) {
                    mappings[host] =
                        routing::to_json(TRY(front.read(context, host, work.relocation.from)));
                }
                return Facts{{"mappings", std::move(mappings)}};
            },
            .act = [&work](Context const& context, Facts const&) -> Result<Facts> {
                routing::Front const front(work.cloud.connection);
                for (auto const& host : hosts_of(work)) {
                    TRY(front.map_to(context, host, work.relocation.to));
                }
                return Facts{{"service", work.relocation.to.service}};
            },
            .undo = [&work](Context const& context, ActionRecord const& record) -> Result<void> {
                routing::Front const front(work.cloud.connection);
                auto const* const mappings = gcp::object_of(record.before, "mappings");
                if (mappings == nullptr)
                    return Error(ErrorCode::DataLoss, "the journal lacks them");
                for (auto const& [host, mapping] : *mappings) {
                    TRY(front.map_back(context, std::string(host), work.relocation.to,
                                       TRY(routing::read_mapping(mapping.as_object()))));
                }
                return {};
            }};
}

Action point_record(Workspace const& work) {
    return {.name = "routing/dns",
            .look = [&work](Context const& context) { return current_records(context, work); },
            .act = [&work](Context const& context, Facts const& before) -> Result<Facts> {
                auto const domain = TRY(domain_of(context, work));
                fleet::Shard const shard{.project = work.relocation.to.project};
                auto const ingress = shard.ingress(domain) + ".";
                return published(TRY(records_of(work).point_to(
                    context, TRY(routing::read_records(before)), {ingress}, ttl_of(work))));
            },
            .undo = [&work](Context const& context, ActionRecord const& record) -> Result<void> {
                auto const domain = TRY(domain_of(context, work));
                fleet::Shard const shard{.project = work.relocation.to.project};
                auto const before = TRY(routing::read_records(record.before));
                auto const pointed = TRY(routing::make_records(
                    before.host, {shard.ingress(domain) + "."}, ttl_of(work)));
                TRY(records_of(work).restore(context, pointed, before));
                return {};
            }};
}

Action raise_ttl(Workspace const& work) {
    return {.name = "complete/ttl",
            .look = [&work](Context const& context) { return current_records(context, work); },
            .act = [&work](Context const& context, Facts const& before) -> Result<Facts> {
                auto const first =
                    TRY(routing::read_records(work.journal.content().before("provision/ttl")));
                auto const now = TRY(routing::read_records(before));
                auto raised = now;
                for (auto& set : raised.sets) {
                    if (!first.sets.empty()) set.ttl = first.sets.front().ttl;
                }
                return published(TRY(records_of(work).restore(context, now, raised)));
            }};
}

}  // namespace aipress::migration
