#include "poc/new_project.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <utility>

#include "poc/tenant.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr milliseconds kCreateTime{240'000};
constexpr milliseconds kPoll{20};

Result<void> link_billing(Google& google, std::string const& project) {
    auto const accounts = TRY(google.get("cloudbilling.googleapis.com/v1/billingAccounts"));
    TRY(google.put(
        fmt::format("cloudbilling.googleapis.com/v1/projects/{}/billingInfo", project),
        json::object{{"billingAccountName", text_at(accounts, "/billingAccounts/0/name")}}));
    return {};
}

Result<void> enable_apis(Google& google, std::string const& project) {
    json::array apis;
    for (auto const* const api :
         {"sqladmin", "run", "dns", "secretmanager", "monitoring", "logging", "compute", "iam"}) {
        apis.emplace_back(fmt::format("{}.googleapis.com", api));
    }
    auto const started = TRY(google.post(
        fmt::format("serviceusage.googleapis.com/v1/projects/{}/services:batchEnable", project),
        json::object{{"serviceIds", std::move(apis)}}));
    auto const name = text_at(started, "/name");
    if (text_at(started, "/done") != "true") {
        TRY(google.wait("serviceusage.googleapis.com/v1/" + name));
    }
    return {};
}

std::string instances_path(std::string const& project) {
    return fmt::format("sqladmin.googleapis.com/v1/projects/{}/instances", project);
}

}  // namespace

Error is_another(std::string_view what, std::string_view why) {
    return {ErrorCode::FailedPrecondition,
            fmt::format("{} is there already and is another one: {}", what, why)};
}

Result<json::value> find_or_make_project(Google& google, NewProject const& wanted) {
    auto const organizations =
        TRY(google.get("cloudresourcemanager.googleapis.com/v3/organizations:search"));
    json::object const body{{"projectId", wanted.id},
                            {"displayName", wanted.display_name},
                            {"parent", text_at(organizations, "/organizations/0/name")},
                            {"labels", wanted.labels}};
    auto made = google.post("cloudresourcemanager.googleapis.com/v3/projects", body);
    if (made.ok()) {
        TRY(google.wait("cloudresourcemanager.googleapis.com/v3/" +
                        text_at(made.value(), "/name")));
    } else if (made.error().code() != ErrorCode::AlreadyExists) {
        return made.release_error();
    }
    return google.get(fmt::format("cloudresourcemanager.googleapis.com/v3/projects/{}", wanted.id));
}

Result<void> prepare_for_use(Google& google, std::string const& project) {
    TRY(link_billing(google, project));
    return enable_apis(google, project);
}

Result<void> ask_for_instance(Google& google, NewInstance const& wanted) {
    json::object settings{
        {"tier", wanted.tier},
        {"activationPolicy", wanted.activation_policy},
        {"backupConfiguration", json::object{{"enabled", true}, {"binaryLogEnabled", true}}},
        {"userLabels", wanted.labels}};
    json::object body{{"name", wanted.name},
                      {"region", kRegion},
                      {"databaseVersion", "MYSQL_8_0"},
                      {"settings", std::move(settings)}};
    if (wanted.root_password) body["rootPassword"] = *wanted.root_password;
    auto const made = TRY(google.make(instances_path(wanted.project), body));
    if (made == Made::Now) return {};
    auto const known =
        TRY(google.get(fmt::format("{}/{}", instances_path(wanted.project), wanted.name)));
    auto const tier = text_at(known, "/settings/tier");
    if (tier == wanted.tier) return {};
    return is_another("instance " + wanted.name, fmt::format("its tier is {}", tier));
}

Result<json::value> await_instance(Google& google, std::string const& project,
                                   std::string const& name) {
    auto const deadline = Deadline::after(google.context().clock(), kCreateTime);
    for (;;) {
        auto instance = TRY(google.get(fmt::format("{}/{}", instances_path(project), name)));
        auto const state = text_at(instance, "/state");
        if (state == "RUNNABLE") return instance;
        if (state == "FAILED") {
            return Error(ErrorCode::Internal,
                         fmt::format("Cloud SQL could not make {}: see the sandbox's log", name));
        }
        if (deadline.passed(google.context().clock())) {
            return Error(ErrorCode::DeadlineExceeded, fmt::format("{} is still {}", name, state));
        }
        if (!google.context().sleep(kPoll)) return Error(ErrorCode::Cancelled, "called off");
    }
}

}  // namespace aipress::poc
