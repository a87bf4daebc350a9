#include "sandbox/service_account_keys.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "http/base64.h"
#include "sandbox/limits.h"
#include "sandbox/org_policy.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kKeys = "service_account_keys";  // by UNIQUE_ID/KEY_ID
constexpr std::string_view kUserManaged = "USER_MANAGED";
constexpr std::string_view kSystemManaged = "SYSTEM_MANAGED";
constexpr std::string_view kNever = "9999-12-31T23:59:59Z";
constexpr unsigned kBits = 2048;
constexpr unsigned kWeakBits = 1024;
constexpr std::size_t kScanned = 2 * limits::kKeysOfAccount;

// What the store keeps of a key. Google forgets the private key of one that it gave to a user.
struct NewKey {
    std::string id;
    json::object body = {};
};

json::object view(json::object body) {
    for (auto const* const internal : {"publicPem", "certificate", "privatePem"}) {
        body.erase(internal);
    }
    return body;
}

Outcome<NewKey> describe(http::RsaKey const& key, ServiceAccount const& account,
                         std::string_view type, std::string_view algorithm, WallTime now) {
    NewKey made;
    made.id = TRY(key.fingerprint());
    auto const public_pem = TRY(key.public_pem());
    auto const certificate = TRY(key.certificate_pem(account.unique_id(), now));
    made.body = json::object{{"name", fmt::format("{}/keys/{}", account.name(), made.id)},
                             {"validAfterTime", timestamp(now)},
                             {"validBeforeTime", kNever},
                             {"keyAlgorithm", algorithm},
                             {"keyOrigin", "GOOGLE_PROVIDED"},
                             {"keyType", type},
                             {"publicPem", public_pem},
                             {"certificate", certificate}};
    return made;
}

std::string key_name(ServiceAccount const& account, std::string_view id) {
    return fmt::format("{}/{}", account.unique_id(), id);
}

Outcome<std::vector<Document>> keys_of(Transaction& transaction, ServiceAccount const& account) {
    auto page = TRY(transaction.list(kKeys, key_name(account, ""), "", kScanned));
    return std::move(page.documents);
}

bool is_of_type(Document const& key, std::string_view type) {
    return text_field(key.body.as_object(), "keyType") == type;
}

// The file that clients are pointed at by GOOGLE_APPLICATION_CREDENTIALS.
std::string key_file(ServiceAccount const& account, std::string const& id,
                     std::string const& private_pem, std::string const& origin) {
    std::array<std::pair<std::string_view, std::string>, 11> const members{
        {{"type", "service_account"},
         {"project_id", text_field(account.body, "projectId")},
         {"private_key_id", id},
         {"private_key", private_pem},
         {"client_email", account.email()},
         {"client_id", account.unique_id()},
         {"auth_uri", "https://accounts.google.com/o/oauth2/auth"},
         {"token_uri", origin + "/token"},
         {"auth_provider_x509_cert_url", "https://www.googleapis.com/oauth2/v1/certs"},
         {"client_x509_cert_url",
          "https://www.googleapis.com/robot/v1/metadata/x509/" + account.email()},
         {"universe_domain", "googleapis.com"}}};
    std::string text = "{";
    for (auto const& [name, value] : members) {
        text += fmt::format("{}\n  \"{}\": {}", text.size() == 1 ? "" : ",", name,
                            json::serialize(json::string(value)));
    }
    return text + "\n}\n";
}

// As the constraint's policy has it.
Outcome<Done> check_creation_allowed(Transaction& transaction, ServiceAccount const& account) {
    constexpr std::string_view kConstraint = "iam.disableServiceAccountKeyCreation";
    auto const project =
        TRY(find_active_project(transaction, text_field(account.body, "projectId")));
    if (!TRY(is_enforced(transaction, project, kConstraint))) return Done();
    json::object const violation{
        {"type", fmt::format("constraints/{}", kConstraint)},
        {"subject", fmt::format("{}?configvalue={}", account.name(), account.email())},
        {"description", "Key creation is not allowed on this service account."}};
    return ApiError{
        .code = ErrorCode::FailedPrecondition,
        .message = "Key creation is not allowed on this service account.",
        .details = {json::object{{"@type", "type.googleapis.com/google.rpc.PreconditionFailure"},
                                 {"violations", json::array{violation}}}}};
}

class ServiceAccountKeys {
public:
    ServiceAccountKeys(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> enable(Call& call);
    Outcome<Reply> disable(Call& call);

private:
    static Outcome<Document> find(Transaction& transaction, Call const& call);

    Store& store_;
    Clock& clock_;
};

Outcome<Document> ServiceAccountKeys::find(Transaction& transaction, Call const& call) {
    auto const& name = call.path_parameter("name");
    auto const account = TRY(find_service_account(transaction, name));
    auto found = TRY(transaction.get(kKeys, key_name(account, segment(name, 5))));
    if (!found) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("Service account key {} does not exist.", name)};
    }
    return std::move(*found);
}

Outcome<Reply> ServiceAccountKeys::create(Call& call) {
    if (text_field(call.fields(), "privateKeyType") == "TYPE_PKCS12_FILE") {
        return invalid_body({{"private_key_type", "This server makes no PKCS #12 files."}});
    }
    auto algorithm = text_field(call.fields(), "keyAlgorithm");
    if (algorithm.empty() || algorithm == "KEY_ALG_UNSPECIFIED") algorithm = "KEY_ALG_RSA_2048";
    auto const key =
        TRY(http::RsaKey::generate(algorithm == "KEY_ALG_RSA_1024" ? kWeakBits : kBits));
    auto const private_pem = TRY(key.private_pem());
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const account = TRY(find_service_account(transaction, call.path_parameter("name")));
        TRY(check_creation_allowed(transaction, account));
        auto const keys = TRY(keys_of(transaction, account));
        auto const count = std::count_if(keys.begin(), keys.end(), [](Document const& document) {
            return is_of_type(document, kUserManaged);
        });
        if (static_cast<std::size_t>(count) >= limits::kKeysOfAccount) {
            return ApiError{.code = ErrorCode::FailedPrecondition,
                            .message = "Precondition check failed."};
        }
        auto const made = TRY(describe(key, account, kUserManaged, algorithm, clock_.wall_now()));
        TRY(transaction.insert(kKeys, key_name(account, made.id), made.body));
        auto shown = view(made.body);
        shown["privateKeyType"] = "TYPE_GOOGLE_CREDENTIALS_FILE";
        shown["privateKeyData"] =
            http::encode_base64(key_file(account, made.id, private_pem, call.origin()));
        return reply(std::move(shown));
    });
}

Outcome<Reply> ServiceAccountKeys::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const found = TRY(find(transaction, call));
        auto const& body = found.body.as_object();
        auto shown = view(body);
        auto const type = call.query("publicKeyType");
        if (type == "TYPE_RAW_PUBLIC_KEY") {
            shown["publicKeyData"] = http::encode_base64(text_field(body, "publicPem"));
        } else if (type == "TYPE_X509_PEM_FILE") {
            shown["publicKeyData"] = http::encode_base64(text_field(body, "certificate"));
        }
        return reply(std::move(shown));
    });
}

Outcome<Reply> ServiceAccountKeys::list(Call& call) {
    std::vector<std::string> types;
    for (auto const& [name, value] : call.request.parameters) {
        if (name == "keyTypes") types.push_back(value);
    }
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const account = TRY(find_service_account(transaction, call.path_parameter("name")));
        json::array keys;
        for (auto const& document : TRY(keys_of(transaction, account))) {
            auto const is_wanted = [&](auto const& type) { return is_of_type(document, type); };
            if (types.empty() || std::any_of(types.begin(), types.end(), is_wanted)) {
                keys.push_back(view(document.body.as_object()));
            }
        }
        json::object result;
        if (!keys.empty()) result["keys"] = std::move(keys);
        return reply(std::move(result));
    });
}

Outcome<Reply> ServiceAccountKeys::remove(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const found = TRY(find(transaction, call));
        if (is_of_type(found, kSystemManaged)) {
            return ApiError{.code = ErrorCode::InvalidArgument,
                            .message = "System-managed keys cannot be deleted."};
        }
        TRY(transaction.remove(kKeys, found.name));
        return reply(json::object());
    });
}

Outcome<Reply> ServiceAccountKeys::enable(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto found = TRY(find(transaction, call));
        found.body.as_object().erase("disabled");
        TRY(transaction.update(kKeys, found.name, found.version, found.body));
        return reply(json::object());
    });
}

Outcome<Reply> ServiceAccountKeys::disable(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto found = TRY(find(transaction, call));
        found.body.as_object()["disabled"] = true;
        TRY(transaction.update(kKeys, found.name, found.version, found.body));
        return reply(json::object());
    });
}

Outcome<ServiceAccount> find_enabled_account(Transaction& transaction, std::string const& name) {
    auto account = TRY(find_service_account(transaction, name));
    if (!account.is_disabled()) return account;
    return ApiError{.code = ErrorCode::FailedPrecondition,
                    .message = fmt::format("Service account {} is disabled.", account.email())};
}

struct StoredKey {
    ServiceAccount account = {};
    std::optional<Document> key = {};
};

Outcome<StoredKey> find_signing_key(Transaction& transaction, std::string const& name) {
    StoredKey stored;
    stored.account = TRY(find_enabled_account(transaction, name));
    for (auto& document : TRY(keys_of(transaction, stored.account))) {
        if (is_of_type(document, kSystemManaged)) stored.key = std::move(document);
    }
    return stored;
}

Outcome<SigningKey> loaded(StoredKey stored) {
    auto key =
        TRY(http::RsaKey::from_private_pem(text_field(stored.key->body.as_object(), "privatePem")));
    return SigningKey{.account = std::move(stored.account),
                      .id = std::string(segment(stored.key->name, 1)),
                      .key = std::move(key)};
}

}  // namespace

Outcome<SigningKey> signing_key_of(Store& store, Clock& clock, std::string const& name) {
    auto known = TRY(read<StoredKey>(
        store, [&](Transaction& transaction) { return find_signing_key(transaction, name); }));
    if (known.key) return loaded(std::move(known));
    auto const made = TRY(http::RsaKey::generate(kBits));
    auto const private_pem = TRY(made.private_pem());
    return loaded(TRY(write<StoredKey>(store, [&](Transaction& transaction) -> Outcome<StoredKey> {
        auto stored = TRY(find_signing_key(transaction, name));
        if (stored.key) return stored;  // another call was faster
        auto key = TRY(
            describe(made, stored.account, kSystemManaged, "KEY_ALG_RSA_2048", clock.wall_now()));
        key.body["privatePem"] = private_pem;
        auto const stored_name = key_name(stored.account, key.id);
        TRY(transaction.insert(kKeys, stored_name, key.body));
        stored.key = Document{.name = stored_name, .version = 0, .body = std::move(key.body)};
        return stored;
    })));
}

Outcome<std::vector<std::string>> public_keys_of(Store const& store, std::string const& name) {
    using Keys = std::vector<std::string>;
    return read<Keys>(store, [&](Transaction& transaction) -> Outcome<Keys> {
        auto const account = TRY(find_enabled_account(transaction, name));
        Keys keys;
        for (auto const& document : TRY(keys_of(transaction, account))) {
            auto const& body = document.body.as_object();
            if (!body.contains("disabled")) keys.push_back(text_field(body, "publicPem"));
        }
        return keys;
    });
}

void serve_service_account_keys(Methods& methods, Store& store, Clock& clock) {
    auto const keys = std::make_shared<ServiceAccountKeys>(store, clock);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("iam.projects.serviceAccounts.keys.{}", verb), "v1", handler);
    };
    serve("create", [=](Call& call) { return keys->create(call); });
    serve("get", [=](Call& call) { return keys->get(call); });
    serve("list", [=](Call& call) { return keys->list(call); });
    serve("delete", [=](Call& call) { return keys->remove(call); });
    serve("enable", [=](Call& call) { return keys->enable(call); });
    serve("disable", [=](Call& call) { return keys->disable(call); });
}

}  // namespace aipress::sandbox
