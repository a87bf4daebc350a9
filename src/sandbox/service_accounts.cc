#include "sandbox/service_accounts.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <regex>

#include "sandbox/operations.h"
#include "sandbox/policies.h"
#include "sandbox/projects.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kIds = "service_account_ids";           // by e-mail and by unique id
constexpr std::string_view kDeleted = "deleted_service_accounts";  // by unique id
constexpr std::string_view kFirstId = "100000000000000000000";
constexpr std::string_view kFirstAccount = "default";
constexpr std::chrono::hours kUndeletable{24 * 30};
constexpr std::size_t kPage = 20;
constexpr std::size_t kPageMost = 100;

json::value view(ServiceAccount const& account) {
    auto body = account.body;
    body["etag"] = etag_of(account.version);
    return body;
}

std::string email_of(std::string_view id, std::string_view project) {
    return fmt::format("{}@{}.iam.gserviceaccount.com", id, project);
}

json::value resource_info(std::string_view name) {
    return json::object{{"@type", "type.googleapis.com/google.rpc.ResourceInfo"},
                        {"resourceName", name}};
}

ApiError unknown_account() {
    return {.code = ErrorCode::NotFound, .message = "Unknown service account"};
}

Outcome<Done> point_to(Transaction& transaction, std::string_view id, std::string const& key) {
    TRY(transaction.insert(kIds, id, json::object{{"key", key}}));
    return Done();
}

Outcome<ServiceAccount> save(Transaction& transaction, ServiceAccount account) {
    account.version =
        TRY(transaction.update(kServiceAccounts, account.key, account.version, account.body));
    return account;
}

Outcome<ServiceAccount> insert(Transaction& transaction, json::object body) {
    ServiceAccount account{.key = {}, .version = 0, .body = std::move(body)};
    account.key = text_field(account.body, "projectId") + "/" + account.email();
    TRY(point_to(transaction, account.email(), account.key));
    TRY(point_to(transaction, account.unique_id(), account.key));
    account.version = TRY(transaction.insert(kServiceAccounts, account.key, account.body));
    return account;
}

json::object new_account(std::string const& project, std::string_view id, std::string_view unique) {
    auto const email = email_of(id, project);
    return {{"name", fmt::format("projects/{}/serviceAccounts/{}", project, email)},
            {"projectId", project},
            {"uniqueId", unique},
            {"email", email},
            {"oauth2ClientId", unique}};
}

Outcome<Done> check_id(std::string const& id) {
    static std::regex const pattern("[a-z]([-a-z0-9]*[a-z0-9])");
    if (id.size() < 6 || id.size() > 30) {
        return invalid_body({{"account_id", fmt::format("The account ID \"{}\" does not have a "
                                                        "length between 6 and 30.",
                                                        id)}});
    }
    if (std::regex_match(id, pattern)) return Done();
    return invalid_body({{"account_id", fmt::format("The account ID \"{}\" is invalid: it must "
                                                    "match [a-z]([-a-z0-9]*[a-z0-9]).",
                                                    id)}});
}

Outcome<Done> set_texts(ServiceAccount& account, json::object const& fields,
                        std::string_view mask) {
    constexpr std::size_t kNameBytes = 100;
    constexpr std::size_t kDescriptionBytes = 256;
    auto const is_masked_out = [&](std::string_view name, std::string_view proto_name) {
        return !mask.empty() && mask.find(name) == mask.npos && mask.find(proto_name) == mask.npos;
    };
    for (auto const& [name, proto_name, most] :
         {std::tuple("displayName", "display_name", kNameBytes),
          std::tuple("description", "description", kDescriptionBytes)}) {
        if (is_masked_out(name, proto_name)) continue;
        auto const text = text_field(fields, name);
        if (text.size() > most) {
            return invalid_body({{fmt::format("service_account.{}", proto_name),
                                  fmt::format("The {} is longer than {} bytes.", name, most)}});
        }
        account.body.erase(name);
        if (!text.empty()) account.body[name] = text;
    }
    return Done();
}

Outcome<Done> check_etag(ServiceAccount const& account, json::object const& fields) {
    auto const etag = text_field(fields, "etag");
    if (etag.empty() || etag == etag_of(account.version)) return Done();
    return ApiError{.code = ErrorCode::Aborted,
                    .message =
                        "There were concurrent changes of the service account: its etag does not "
                        "match. Please retry the whole read-modify-write."};
}

class ServiceAccounts {
public:
    ServiceAccounts(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> change(Call& call, json::object const& fields, std::string const& mask);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> undelete(Call& call);
    Outcome<Reply> enable(Call& call);
    Outcome<Reply> disable(Call& call);

private:
    Store& store_;
    Clock& clock_;
};

Outcome<Reply> ServiceAccounts::create(Call& call) {
    auto const id = text_field(call.fields(), "accountId");
    TRY(check_id(id));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("name")));
        auto const number = TRY(next_number(transaction, kIds));
        ServiceAccount account;
        account.body = new_account(project.id, id, fmt::format("1{:020}", number));
        if (TRY(transaction.get(kIds, account.email()))) {
            return ApiError{
                .code = ErrorCode::AlreadyExists,
                .message = fmt::format("Service account {} already exists within project "
                                       "projects/{}.",
                                       id, project.id),
                .details = {resource_info(account.name())}};
        }
        if (auto const* const given = call.fields().if_contains("serviceAccount")) {
            TRY(set_texts(account, given->as_object(), ""));
        }
        return reply(view(TRY(insert(transaction, std::move(account.body)))));
    });
}

Outcome<Reply> ServiceAccounts::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(view(TRY(find_service_account(transaction, call.path_parameter("name")))));
    });
}

Outcome<Reply> ServiceAccounts::list(Call& call) {
    auto const most = TRY(call.page_size("pageSize", kPage, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("name")));
        auto page = TRY(transaction.list(kServiceAccounts, project.id + "/", start, most));
        json::array accounts;
        for (auto& document : page.documents) {
            accounts.push_back(view({.key = document.name,
                                     .version = document.version,
                                     .body = std::move(document.body.as_object())}));
        }
        json::object result;
        if (!accounts.empty()) result["accounts"] = std::move(accounts);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> ServiceAccounts::change(Call& call, json::object const& fields,
                                       std::string const& mask) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto account = TRY(find_service_account(transaction, call.path_parameter("name")));
        TRY(check_etag(account, fields));
        TRY(set_texts(account, fields, mask));
        return reply(view(TRY(save(transaction, std::move(account)))));
    });
}

Outcome<Reply> ServiceAccounts::remove(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto account = TRY(find_service_account(transaction, call.path_parameter("name")));
        TRY(transaction.remove(kServiceAccounts, account.key));
        TRY(transaction.remove(kIds, account.email()));
        auto const until = clock_.wall_now() + kUndeletable;
        TRY(transaction.insert(
            kDeleted, account.unique_id(),
            json::object{{"account", account.body}, {"until", timestamp(until)}}));
        return reply(json::object());
    });
}

Outcome<Reply> ServiceAccounts::undelete(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const unique_id = segment(call.path_parameter("name"), 3);
        auto const found = TRY(transaction.get(kDeleted, unique_id));
        auto const now = timestamp(clock_.wall_now());
        if (!found || text_field(found->body.as_object(), "until") < now) return unknown_account();
        ServiceAccount account;
        account.body = found->body.at("account").as_object();
        if (TRY(transaction.get(kIds, account.email()))) {
            return ApiError{
                .code = ErrorCode::AlreadyExists,
                .message = fmt::format("Service account {} already exists.", account.email()),
                .details = {resource_info(account.name())}};
        }
        TRY(transaction.remove(kDeleted, unique_id));
        TRY(transaction.remove(kIds, unique_id));
        account = TRY(insert(transaction, std::move(account.body)));
        return reply(json::object{{"restoredAccount", view(account)}});
    });
}

Outcome<Reply> ServiceAccounts::enable(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto account = TRY(find_service_account(transaction, call.path_parameter("name")));
        account.body.erase("disabled");
        TRY(save(transaction, std::move(account)));
        return reply(json::object());
    });
}

Outcome<Reply> ServiceAccounts::disable(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto account = TRY(find_service_account(transaction, call.path_parameter("name")));
        account.body["disabled"] = true;
        TRY(save(transaction, std::move(account)));
        return reply(json::object());
    });
}

}  // namespace

std::string ServiceAccount::email() const {
    return text_field(body, "email");
}

std::string ServiceAccount::unique_id() const {
    return text_field(body, "uniqueId");
}

std::string ServiceAccount::name() const {
    return text_field(body, "name");
}

Outcome<ServiceAccount> find_service_account(Transaction& transaction, std::string_view name) {
    auto const project = segment(name, 1);
    auto const id = TRY(transaction.get(kIds, segment(name, 3)));
    if (project != "-") {
        auto const owner = TRY(find_active_project(transaction, project));
        if (!id || !text_field(id->body.as_object(), "key").starts_with(owner.id + "/")) {
            return unknown_account();
        }
    }
    if (!id) return unknown_account();
    auto found = TRY(transaction.get(kServiceAccounts, text_field(id->body.as_object(), "key")));
    // Deleted, or another one of that name since.
    if (!found) return unknown_account();
    ServiceAccount account{
        .key = found->name, .version = found->version, .body = std::move(found->body.as_object())};
    auto const asked = segment(name, 3);
    if (asked != account.email() && asked != account.unique_id()) return unknown_account();
    return account;
}

Outcome<Done> make_first_service_account(Transaction& transaction) {
    if (TRY(transaction.get(kIds, kFirstId))) return Done();
    auto body = new_account(std::string(kFirstProject), kFirstAccount, kFirstId);
    body["displayName"] = "Default service account";
    TRY(insert(transaction, std::move(body)));
    return Done();
}

void serve_service_accounts(Methods& methods, Store& store, Clock& clock) {
    auto const accounts = std::make_shared<ServiceAccounts>(store, clock);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("iam.projects.serviceAccounts.{}", verb), "v1", handler);
    };
    serve("create", [=](Call& call) { return accounts->create(call); });
    serve("get", [=](Call& call) { return accounts->get(call); });
    serve("list", [=](Call& call) { return accounts->list(call); });
    serve("update", [=](Call& call) { return accounts->change(call, call.fields(), ""); });
    serve("patch", [=](Call& call) {
        auto const* const given = call.fields().if_contains("serviceAccount");
        return accounts->change(call, given != nullptr ? given->as_object() : json::object(),
                                text_field(call.fields(), "updateMask"));
    });
    serve("delete", [=](Call& call) { return accounts->remove(call); });
    serve("undelete", [=](Call& call) { return accounts->undelete(call); });
    serve("enable", [=](Call& call) { return accounts->enable(call); });
    serve("disable", [=](Call& call) { return accounts->disable(call); });
    serve_policies(methods, store, "iam.projects.serviceAccounts", "v1",
                   [](Transaction& transaction, Call const& call) -> Outcome<std::string> {
                       auto const& resource = call.path_parameter("resource");
                       auto const account = TRY(find_service_account(transaction, resource));
                       // Not its name: the next account of that name has another policy.
                       return "serviceAccounts/" + account.unique_id();
                   });
}

}  // namespace aipress::sandbox
