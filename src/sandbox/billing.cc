#include <fmt/format.h>

#include "sandbox/projects.h"
#include "sandbox/resource_names.h"
#include "sandbox/service_usage.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kBillingInfo = "billing_info";  // by project id

json::object account_view() {
    return {{"name", kBillingAccount},
            {"open", true},
            {"displayName", "Sandbox billing account"},
            {"masterBillingAccount", ""},
            {"parent", kOrganization},
            {"currencyCode", "USD"}};
}

Outcome<json::value> info_view(Transaction& transaction, Project const& project) {
    auto const info = TRY(transaction.get(kBillingInfo, project.id));
    auto const account = info ? text_field(info->body.as_object(), "billingAccountName") : "";
    return json::value(json::object{{"name", fmt::format("projects/{}/billingInfo", project.id)},
                                    {"projectId", project.id},
                                    {"billingAccountName", account},
                                    {"billingEnabled", !account.empty()}});
}

Outcome<Reply> update_info(Store& store, Call& call) {
    auto const account = text_field(call.fields(), "billingAccountName");
    return write<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project =
            TRY(find_active_project(transaction, segment(call.path_parameter("name"), 1)));
        if (!account.empty() && account != kBillingAccount) return permission_denied();
        TRY(check_wholly_made(transaction, project));
        json::value const body = json::object{{"billingAccountName", account}};
        if (TRY(transaction.get(kBillingInfo, project.id))) {
            TRY(transaction.update(kBillingInfo, project.id, std::nullopt, body));
        } else {
            TRY(transaction.insert(kBillingInfo, project.id, body));
        }
        return reply(TRY(info_view(transaction, project)));
    });
}

Outcome<Reply> list_projects(Store& store, Call& call) {
    if (call.path_parameter("name") != kBillingAccount) return permission_denied();
    auto const most = TRY(call.page_size("pageSize", 100, 100));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const page = TRY(transaction.list(kBillingInfo, "", start, most));
        json::array infos;
        for (auto const& document : page.documents) {
            auto const project = TRY(find_project(transaction, document.name));
            auto info = TRY(info_view(transaction, project));
            if (info.at("billingEnabled").as_bool()) infos.push_back(std::move(info));
        }
        return reply(json::object{{"projectBillingInfo", std::move(infos)},
                                  {"nextPageToken", page_token(page.next)}});
    });
}

}  // namespace

void serve_billing(Methods& methods, Store& store) {
    methods.serve("cloudbilling.billingAccounts.list", "v1", [](Call&) {
        return reply(
            json::object{{"billingAccounts", json::array{account_view()}}, {"nextPageToken", ""}});
    });
    methods.serve("cloudbilling.billingAccounts.get", "v1", [](Call& call) -> Outcome<Reply> {
        if (call.path_parameter("name") != kBillingAccount) return permission_denied();
        return reply(account_view());
    });
    methods.serve("cloudbilling.billingAccounts.projects.list", "v1",
                  [&store](Call& call) { return list_projects(store, call); });
    methods.serve("cloudbilling.projects.getBillingInfo", "v1", [&store](Call& call) {
        return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
            auto const project =
                TRY(find_active_project(transaction, segment(call.path_parameter("name"), 1)));
            return reply(TRY(info_view(transaction, project)));
        });
    });
    methods.serve("cloudbilling.projects.updateBillingInfo", "v1",
                  [&store](Call& call) { return update_info(store, call); });
}

}  // namespace aipress::sandbox
