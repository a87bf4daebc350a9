#include <fmt/format.h>
#include <functional>
#include <unordered_map>

#include "gcp/monitoring.h"
#include "inventory/steps.h"

namespace aipress::inventory {
namespace {

namespace json = boost::json;
using gcp::Done;
using gcp::Outcome;

constexpr std::chrono::seconds kDay{86'400};
constexpr std::chrono::seconds kTwoDays = 2 * kDay;  // Cloud Storage measures once a day

// By what its series are told apart by.
using Values = std::unordered_map<std::string, double>;

struct Wanted {
    std::string metric;
    std::chrono::seconds time;
    std::string aligner;
    std::string part;   // "resource"
    std::string label;  // "service_name"
};

class Measurements {
public:
    Measurements(Context const& context, gcp::Connection const& connection, Inventory& inventory)
        : context_(context), connection_(connection), inventory_(inventory) {}

    Outcome<Done> read() {
        TRY(read_requests());
        // The largest of the time: what is to be moved has to have room.
        auto const disk = TRY(values({"cloudsql.googleapis.com/database/disk/bytes_used", kDay,
                                      "ALIGN_MAX", "resource", "database_id"}));
        auto const bytes = TRY(values({"storage.googleapis.com/storage/total_bytes", kTwoDays,
                                       "ALIGN_MAX", "resource", "bucket_name"}));
        auto const count = TRY(values({"storage.googleapis.com/storage/object_count", kTwoDays,
                                       "ALIGN_MAX", "resource", "bucket_name"}));
        for (auto& tenant : inventory_.tenants) {
            for (auto const& held : tenant.holds) {
                auto const& resource = inventory_.resources.at(held.resource);
                if (resource.kind == Kind::Instance) {
                    add(tenant.database_bytes, disk,
                        fmt::format("{}:{}", inventory_.project, resource.key), "Cloud SQL's disk");
                } else if (resource.kind == Kind::Bucket) {
                    add(tenant.media_bytes, bytes, resource.key, "Cloud Storage's metric");
                    add(tenant.media_objects, count, resource.key, "Cloud Storage's metric");
                }
            }
        }
        return Done();
    }

private:
    static void add(Measured& measured, Values const& values, std::string const& key,
                    std::string_view source) {
        auto const found = values.find(key);
        if (found == values.end()) return;
        measured = {.value = measured.value.value_or(0) + found->second, .source = source};
    }
    Outcome<Done> read_requests();
    // Empty when it cannot be read, which is a gap, or when nothing was measured.
    Outcome<Values> values(Wanted const& wanted);

    Context const& context_;
    gcp::Connection const& connection_;
    Inventory& inventory_;
};

// Cloud Run counts what reached its services; the sites themselves may report, too, what a cache
// in front of them answered. The larger of both is the traffic.
Outcome<Done> Measurements::read_requests() {
    auto const run = TRY(values(
        {"run.googleapis.com/request_count", kDay, "ALIGN_DELTA", "resource", "service_name"}));
    auto const own = TRY(values(
        {"custom.googleapis.com/aipress/request_count", kDay, "ALIGN_SUM", "metric", "tenant"}));
    for (auto& tenant : inventory_.tenants) {
        Measured counted;
        for (auto const& held : tenant.holds) {
            auto const& resource = inventory_.resources.at(held.resource);
            if (resource.kind == Kind::Service) {
                add(counted, run, resource.name(), "Cloud Run's count");
            }
        }
        Measured reported;
        add(reported, own, tenant.name, "the site's own count");
        bool const is_own = reported.value.value_or(-1) > counted.value.value_or(-1);
        tenant.requests_a_day = is_own ? reported : counted;
    }
    return Done();
}

Outcome<Values> Measurements::values(Wanted const& wanted) {
    Values found;
    auto const listed =
        gcp::Monitoring(connection_)
            .list_time_series(
                context_,
                {.project = inventory_.project,
                 .metric = wanted.metric,
                 .end = inventory_.taken_at,
                 .time = wanted.time,
                 .aligner = wanted.aligner,
                 .reducer = "REDUCE_SUM",
                 .group_by = {fmt::format("{}.labels.{}", wanted.part, wanted.label)}},
                [&](json::object const& series) -> Outcome<Done> {
                    auto const value = gcp::newest_value(series);
                    if (value)
                        found[gcp::series_label(series, wanted.part, wanted.label)] += *value;
                    return Done();
                });
    bool const is_unknown_metric = !listed.ok() && listed.error().code() == ErrorCode::NotFound;
    if (!listed.ok() && !is_unknown_metric) {
        TRY(note_gap(context_, inventory_, "measurements of " + wanted.metric, listed.error()));
    }
    return found;
}

}  // namespace

Outcome<Done> read_measurements(Context const& context, gcp::Connection const& connection,
                                Inventory& inventory) {
    return Measurements(context, connection, inventory).read();
}

}  // namespace aipress::inventory
