// Alert policies, notification channels and uptime checks, kept as they are given.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>

#include "sandbox/filter.h"
#include "sandbox/monitoring.h"
#include "sandbox/operations.h"
#include "sandbox/projects.h"
#include "sandbox/resource_names.h"
#include "sandbox/update_mask.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kRecords = "monitoring_records";  // by projects/NUMBER/KIND/ID
constexpr std::size_t kPage = 1000;
// What only the server writes.
constexpr std::array<char const*, 6> kOutputOnly{"name",           "creationRecord",
                                                 "mutationRecord", "mutationRecords",
                                                 "validity",       "verificationStatus"};

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument, .message = std::move(message)};
}

// Who did it and when: a MutationRecord.
json::object mutation(Call const& call, WallTime now) {
    return {{"mutateTime", timestamp(now)}, {"mutatedBy", call.principal}};
}

// What distinguishes the kinds of records.
struct Kind {
    std::string name = {};    // "alertPolicies": in paths, and in lists
    std::string parent = {};  // the parameter of a path that has the project
    // Defaults of what is checked; nullptr: there are none.
    void (*prepare)(json::object& record) = nullptr;
    // What is wrong with a record as it would be kept.
    Outcome<Done> (*check)(json::object const& record) = nullptr;
    // What the server adds to one that is new or has been changed.
    void (*complete)(json::object& record, json::object const& mutation) = nullptr;
};

bool is_missing(json::object const& record, std::string_view member) {
    auto const* const value = record.if_contains(member);
    if (value == nullptr || value->is_null()) return true;
    if (value->is_string()) return value->get_string().empty();
    return value->is_array() && value->get_array().empty();
}

Outcome<Done> check_policy(json::object const& policy) {
    constexpr std::size_t kConditions = 6;
    if (is_missing(policy, "displayName")) {
        return invalid("Field alert_policy.display_name is required.");
    }
    auto const* const conditions = policy.if_contains("conditions");
    auto const count = conditions == nullptr ? 0 : conditions->as_array().size();
    if (count == 0 || count > kConditions) {
        return invalid(
            fmt::format("Field alert_policy.conditions must have 1 to {} conditions, but has {}.",
                        kConditions, count));
    }
    for (auto const& condition : conditions->as_array()) {
        auto const& fields = condition.as_object();
        auto const kinds = std::count_if(fields.begin(), fields.end(), [](auto const& member) {
            return member.key().starts_with("condition");
        });
        if (kinds != 1) return invalid("A condition must be of exactly one kind.");
    }
    if (count > 1 && is_missing(policy, "combiner")) {
        return invalid("Field alert_policy.combiner is required with several conditions.");
    }
    return Done();
}

void complete_policy(json::object& policy, json::object const& mutation) {
    if (!policy.contains("creationRecord")) policy["creationRecord"] = mutation;
    policy["mutationRecord"] = mutation;
    if (!policy.contains("enabled")) policy["enabled"] = true;
    if (is_missing(policy, "combiner")) policy["combiner"] = "OR";
    // A condition has a name below its policy's, which it keeps.
    auto const prefix = text_field(policy, "name") + "/conditions/";
    std::size_t number = 0;
    for (auto& condition : policy["conditions"].as_array()) {
        ++number;
        auto& fields = condition.as_object();
        if (!text_field(fields, "name").starts_with(prefix)) {
            fields["name"] = fmt::format("{}{}", prefix, number);
        }
    }
}

Outcome<Done> check_channel(json::object const& channel) {
    if (is_missing(channel, "type")) {
        return invalid("Field notification_channel.type is required.");
    }
    return Done();
}

void complete_channel(json::object& channel, json::object const& mutation) {
    if (!channel.contains("creationRecord")) {
        channel["creationRecord"] = mutation;
    } else {
        auto& records = channel["mutationRecords"];
        if (!records.is_array()) records.emplace_array();
        records.get_array() = {mutation};
    }
    if (!channel.contains("enabled")) channel["enabled"] = true;
}

Outcome<Done> check_uptime(json::object const& uptime) {
    if (is_missing(uptime, "displayName")) {
        return invalid("Field uptime_check_config.display_name is required.");
    }
    auto const period = text_field(uptime, "period");
    if (period != "60s" && period != "300s" && period != "600s" && period != "900s") {
        return invalid("The period must be 60s, 300s, 600s or 900s.");
    }
    int checks = 0;
    for (auto const* const member : {"httpCheck", "tcpCheck", "syntheticMonitor"}) {
        if (!is_missing(uptime, member)) ++checks;
    }
    if (checks != 1) {
        return invalid(
            "An uptime check has exactly one of http_check, tcp_check and "
            "synthetic_monitor.");
    }
    if (is_missing(uptime, "monitoredResource") && is_missing(uptime, "resourceGroup") &&
        is_missing(uptime, "syntheticMonitor")) {
        return invalid("An uptime check must have a monitored_resource or a resource_group.");
    }
    return Done();
}

void prepare_uptime(json::object& uptime) {
    if (!uptime.contains("period")) uptime["period"] = "60s";
    if (!uptime.contains("timeout")) uptime["timeout"] = "10s";
    if (!uptime.contains("checkerType")) uptime["checkerType"] = "STATIC_IP_CHECKERS";
}

void complete_uptime(json::object& /*uptime*/, json::object const& /*mutation*/) {}

class Records {
public:
    Records(Store& store, Clock& clock, Kind kind)
        : store_(store), clock_(clock), kind_(std::move(kind)) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> patch(Call& call);
    Outcome<Reply> remove(Call& call);

private:
    Outcome<Document> find(Transaction& transaction, std::string const& name) const;

    Store& store_;
    Clock& clock_;
    Kind const kind_;
};

Outcome<Document> Records::find(Transaction& transaction, std::string const& name) const {
    auto const project = TRY(find_active_project(transaction, segment(name, 1)));
    auto found = TRY(transaction.get(
        kRecords, fmt::format("projects/{}/{}/{}", project.number, kind_.name, segment(name, 3))));
    if (!found) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("Cannot find {}.", name)};
    }
    return std::move(*found);
}

Outcome<Reply> Records::create(Call& call) {
    constexpr std::uint64_t kFirstId = 1'000'000'000'000'000'000;
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, call.path_parameter(kind_.parent)));
        auto record = call.fields();
        for (auto const* const member : kOutputOnly) record.erase(member);
        if (kind_.prepare != nullptr) kind_.prepare(record);
        TRY(kind_.check(record));
        auto const id = kFirstId + TRY(next_number(transaction, kRecords));
        record["name"] = fmt::format("projects/{}/{}/{}", project.id, kind_.name, id);
        kind_.complete(record, mutation(call, clock_.wall_now()));
        TRY(transaction.insert(
            kRecords, fmt::format("projects/{}/{}/{}", project.number, kind_.name, id), record));
        return reply(std::move(record));
    });
}

Outcome<Reply> Records::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(TRY(find(transaction, call.path_parameter("name"))).body);
    });
}

Outcome<Reply> Records::list(Call& call) {
    auto const filter = TRY(Filter::parse(call.query("filter")));
    auto const most = TRY(call.page_size("pageSize", kPage, kPage));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, call.path_parameter(kind_.parent)));
        auto const prefix = fmt::format("projects/{}/{}/", project.number, kind_.name);
        auto const page = TRY(transaction.list(kRecords, prefix, start, most));
        json::array shown;
        for (auto const& document : page.documents) {
            if (filter.matches(document.body.as_object())) shown.push_back(document.body);
        }
        json::object result{{"totalSize", TRY(transaction.count(kRecords, prefix))}};
        if (!shown.empty()) result[kind_.name] = std::move(shown);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

// Without a mask all is replaced, but for what only the server writes.
Outcome<Reply> Records::patch(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto record = TRY(find(transaction, call.path_parameter("name")));
        auto const& current = record.body.as_object();
        auto changed = masked(current, call.fields(), call.query("updateMask"));
        for (auto const* const member : kOutputOnly) {
            changed.erase(member);
            if (auto const* const value = current.if_contains(member)) changed[member] = *value;
        }
        if (kind_.prepare != nullptr) kind_.prepare(changed);
        TRY(kind_.check(changed));
        kind_.complete(changed, mutation(call, clock_.wall_now()));
        TRY(transaction.update(kRecords, record.name, record.version, changed));
        return reply(std::move(changed));
    });
}

Outcome<Reply> Records::remove(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const record = TRY(find(transaction, call.path_parameter("name")));
        TRY(transaction.remove(kRecords, record.name));
        return reply(json::object());
    });
}

}  // namespace

void serve_alerting(Methods& methods, Store& store, Clock& clock) {
    for (Kind const& kind : {Kind{.name = "alertPolicies",
                                  .parent = "name",
                                  .check = check_policy,
                                  .complete = complete_policy},
                             Kind{.name = "notificationChannels",
                                  .parent = "name",
                                  .check = check_channel,
                                  .complete = complete_channel},
                             Kind{.name = "uptimeCheckConfigs",
                                  .parent = "parent",
                                  .prepare = prepare_uptime,
                                  .check = check_uptime,
                                  .complete = complete_uptime}}) {
        auto const records = std::make_shared<Records>(store, clock, kind);
        auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
            methods.serve(fmt::format("monitoring.projects.{}.{}", kind.name, verb), "v3", handler);
        };
        serve("create", [=](Call& call) { return records->create(call); });
        serve("get", [=](Call& call) { return records->get(call); });
        serve("list", [=](Call& call) { return records->list(call); });
        serve("patch", [=](Call& call) { return records->patch(call); });
        serve("delete", [=](Call& call) { return records->remove(call); });
    }
}

}  // namespace aipress::sandbox
