#include "sandbox/secret_manager.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <memory>
#include <regex>

#include "http/base64.h"
#include "http/checksums.h"
#include "sandbox/filter.h"
#include "sandbox/limits.h"
#include "sandbox/policies.h"
#include "sandbox/projects.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kSecrets = "secrets";           // by "projects/NUMBER/secrets/s"
constexpr std::string_view kVersions = "secret_versions";  // by SECRET/versions/ZERO_PADDED
constexpr std::size_t kScanned = 1000;

json::value view(Document const& document) {
    auto body = document.body.as_object();
    body.erase("payload");
    body.erase("lastVersion");
    body["etag"] = fmt::format("\"{:x}\"", document.version);
    return body;
}

std::string version_key(std::string_view secret, std::uint64_t number) {
    return fmt::format("{}/versions/{:010}", secret, number);
}

Outcome<Done> check_etag(Document const& document, std::string const& etag) {
    if (etag.empty() || etag == text_field(view(document).as_object(), "etag")) return Done();
    return ApiError{.code = ErrorCode::FailedPrecondition,
                    .message =
                        "The etag provided in the request does not match the resource's "
                        "current etag."};
}

// The secret's own name, which has the project's number, whatever the caller wrote.
Outcome<std::string> secret_name(Transaction& transaction, std::string_view name) {
    auto const project = TRY(find_active_project(transaction, segment(name, 1)));
    return fmt::format("projects/{}/secrets/{}", project.number, segment(name, 3));
}

Outcome<Document> find_secret(Transaction& transaction, std::string_view name) {
    auto const own_name = TRY(secret_name(transaction, name));
    auto found = TRY(transaction.get(kSecrets, own_name));
    if (!found) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("Secret [{}] not found.", own_name)};
    }
    return std::move(*found);
}

ApiError version_not_found(std::string_view secret, std::string_view version) {
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("Secret Version [{}/versions/{}] not found.", secret, version)};
}

// `name`: projects/p/secrets/s/versions/{n|latest}.
Outcome<Document> find_version(Transaction& transaction, std::string_view name) {
    auto const secret = TRY(find_secret(transaction, name));
    auto const asked = std::string(segment(name, 5));
    std::uint64_t number = 0;
    if (asked == "latest") {
        number = secret.body.at("lastVersion").to_number<std::uint64_t>();
    } else if (asked.empty() || asked.size() > 9 ||
               asked.find_first_not_of("0123456789") != asked.npos) {
        return invalid_body({{"name", fmt::format("The version '{}' is neither a number nor "
                                                  "'latest'.",
                                                  asked)}});
    } else {
        number = std::stoull(asked);
    }
    auto found = TRY(transaction.get(kVersions, version_key(secret.name, number)));
    if (!found) return version_not_found(secret.name, asked);
    return std::move(*found);
}

Outcome<Done> check_enabled(json::object const& version) {
    auto const state = text_field(version, "state");
    if (state == "ENABLED") return Done();
    return ApiError{.code = ErrorCode::FailedPrecondition,
                    .message = fmt::format("Secret Version [{}] is in {} state.",
                                           text_field(version, "name"), state)};
}

// The payload's bytes, with the client's own checksum of them held against it.
Outcome<std::string> payload_of(json::object const& fields) {
    auto const* const payload = fields.if_contains("payload");
    if (payload == nullptr) {
        return invalid_body({{"payload", "The payload field is required."}});
    }
    auto const data = http::decode_base64(text_field(payload->as_object(), "data"));
    if (!data) return invalid_body({{"payload.data", "The payload's data is no base64."}});
    if (data->size() > limits::kSecretBytes) {
        return invalid_body({{"payload", fmt::format("The payload is larger than the maximum of {} "
                                                     "bytes.",
                                                     limits::kSecretBytes)}});
    }
    auto const checksum = payload->as_object().if_contains("dataCrc32c");
    if (checksum != nullptr) {
        auto const given = checksum->is_string() ? std::string(checksum->get_string())
                                                 : json::serialize(*checksum);
        if (given != fmt::format("{}", http::crc32c_of(*data))) {
            return invalid_body({{"payload.data_crc32c",
                                  "The data_crc32c does not match the "
                                  "payload's data."}});
        }
    }
    return *data;
}

class SecretManager {
public:
    SecretManager(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> create(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> patch(Call& call);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> add_version(Call& call);
    Outcome<Reply> get_version(Call& call);
    Outcome<Reply> list_versions(Call& call);
    Outcome<Reply> access(Call& call);
    Outcome<Reply> set_state(Call& call, std::string_view state);

private:
    Outcome<Reply> list_documents(Call& call, std::string_view collection,
                                  std::string const& member,
                                  std::function<Outcome<std::string>(Transaction&)> const& prefix);

    Store& store_;
    Clock& clock_;
};

Outcome<Reply> SecretManager::create(Call& call) {
    static std::regex const pattern("[a-zA-Z0-9_-]{1,255}");
    auto const id = call.query("secretId");
    if (!std::regex_match(id, pattern)) {
        return invalid_body({{"secret_id", fmt::format("The provided Secret ID [{}] does not match "
                                                       "the expected format [[a-zA-Z_0-9]+]",
                                                       id)}});
    }
    if (!call.fields().contains("replication")) {
        return invalid_body({{"secret.replication", "The replication field must be set."}});
    }
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const parent = call.path_parameter("parent") + "/secrets/" + id;
        Document secret{.name = TRY(secret_name(transaction, parent))};
        if (TRY(transaction.get(kSecrets, secret.name))) {
            return ApiError{.code = ErrorCode::AlreadyExists,
                            .message = fmt::format("Secret [{}] already exists.", secret.name)};
        }
        auto body = call.fields();
        body["name"] = secret.name;
        body["createTime"] = timestamp(clock_.wall_now());
        body["lastVersion"] = 0;
        secret.body = std::move(body);
        secret.version = TRY(transaction.insert(kSecrets, secret.name, secret.body));
        return reply(view(secret));
    });
}

Outcome<Reply> SecretManager::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(view(TRY(find_secret(transaction, call.path_parameter("name")))));
    });
}

Outcome<Reply> SecretManager::list_documents(
    Call& call, std::string_view collection, std::string const& member,
    std::function<Outcome<std::string>(Transaction&)> const& prefix) {
    auto const filter = TRY(Filter::parse(call.query("filter")));
    auto const most = TRY(call.page_size("pageSize", kScanned, 25'000));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const begin = TRY(prefix(transaction));
        auto const page = TRY(transaction.list(collection, begin, start, most));
        json::array shown;
        for (auto const& document : page.documents) {
            auto one = view(document);
            if (filter.matches(one.as_object())) shown.push_back(std::move(one));
        }
        json::object result;
        // With a filter Google does not count.
        if (call.query("filter").empty()) {
            result["totalSize"] = TRY(transaction.count(collection, begin));
        }
        if (!shown.empty()) result[member] = std::move(shown);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> SecretManager::list(Call& call) {
    return list_documents(call, kSecrets, "secrets", [&](Transaction& transaction) {
        return secret_name(transaction, call.path_parameter("parent") + "/secrets/");
    });
}

Outcome<Reply> SecretManager::list_versions(Call& call) {
    return list_documents(
        call, kVersions, "versions", [&](Transaction& transaction) -> Outcome<std::string> {
            auto const secret = TRY(find_secret(transaction, call.path_parameter("parent")));
            return secret.name + "/versions/";
        });
}

Outcome<Reply> SecretManager::patch(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto secret = TRY(find_secret(transaction, call.path_parameter("name")));
        auto const& fields = call.fields();
        TRY(check_etag(secret, text_field(fields, "etag")));
        auto& body = secret.body.as_object();
        for (auto const* const name : {"labels", "annotations", "versionAliases", "topics"}) {
            if (auto const* const value = fields.if_contains(name)) body[name] = *value;
        }
        secret.version =
            TRY(transaction.update(kSecrets, secret.name, secret.version, secret.body));
        return reply(view(secret));
    });
}

Outcome<Reply> SecretManager::remove(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const secret = TRY(find_secret(transaction, call.path_parameter("name")));
        TRY(check_etag(secret, call.query("etag")));
        auto const count = secret.body.at("lastVersion").to_number<std::uint64_t>();
        for (std::uint64_t number = 1; number <= count; ++number) {
            TRY(transaction.remove(kVersions, version_key(secret.name, number)));
        }
        TRY(transaction.remove(kSecrets, secret.name));
        return reply(json::object());
    });
}

Outcome<Reply> SecretManager::add_version(Call& call) {
    auto const data = TRY(payload_of(call.fields()));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto secret = TRY(find_secret(transaction, call.path_parameter("parent")));
        auto& body = secret.body.as_object();
        auto const number = body.at("lastVersion").to_number<std::uint64_t>() + 1;
        body["lastVersion"] = number;
        TRY(transaction.update(kSecrets, secret.name, secret.version, secret.body));
        Document version{.name = version_key(secret.name, number)};
        version.body =
            json::object{{"name", fmt::format("{}/versions/{}", secret.name, number)},
                         {"createTime", timestamp(clock_.wall_now())},
                         {"state", "ENABLED"},
                         {"replicationStatus", json::object{{"automatic", json::object()}}},
                         {"clientSpecifiedPayloadChecksum",
                          call.fields().at("payload").as_object().contains("dataCrc32c")},
                         {"payload", http::encode_base64(data)}};
        version.version = TRY(transaction.insert(kVersions, version.name, version.body));
        return reply(view(version));
    });
}

Outcome<Reply> SecretManager::get_version(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(view(TRY(find_version(transaction, call.path_parameter("name")))));
    });
}

Outcome<Reply> SecretManager::access(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const version = TRY(find_version(transaction, call.path_parameter("name")));
        auto const& body = version.body.as_object();
        TRY(check_enabled(body));
        auto const payload = text_field(body, "payload");
        auto const checksum = http::crc32c_of(*http::decode_base64(payload));
        return reply(json::object{
            {"name", body.at("name")},
            {"payload",
             json::object{{"data", payload}, {"dataCrc32c", fmt::format("{}", checksum)}}}});
    });
}

Outcome<Reply> SecretManager::set_state(Call& call, std::string_view state) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto version = TRY(find_version(transaction, call.path_parameter("name")));
        TRY(check_etag(version, text_field(call.fields(), "etag")));
        auto& body = version.body.as_object();
        if (body.at("state") == "DESTROYED" && state != "DESTROYED") {
            return ApiError{.code = ErrorCode::FailedPrecondition,
                            .message = fmt::format("Secret Version [{}] is in DESTROYED state.",
                                                   text_field(body, "name"))};
        }
        body["state"] = state;
        if (state == "DESTROYED") {
            body["destroyTime"] = timestamp(clock_.wall_now());
            body["payload"] = "";
        }
        version.version =
            TRY(transaction.update(kVersions, version.name, version.version, version.body));
        return reply(view(version));
    });
}

}  // namespace

Outcome<std::string> read_secret(Transaction& transaction, std::string_view version) {
    auto const found = TRY(find_version(transaction, version));
    auto const& body = found.body.as_object();
    TRY(check_enabled(body));
    return http::decode_base64(text_field(body, "payload")).value_or("");
}

void serve_secret_manager(Methods& methods, Store& store, Clock& clock) {
    auto const manager = std::make_shared<SecretManager>(store, clock);
    auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
        methods.serve(fmt::format("secretmanager.projects.secrets.{}", verb), "v1", handler);
    };
    serve("create", [=](Call& call) { return manager->create(call); });
    serve("get", [=](Call& call) { return manager->get(call); });
    serve("list", [=](Call& call) { return manager->list(call); });
    serve("patch", [=](Call& call) { return manager->patch(call); });
    serve("delete", [=](Call& call) { return manager->remove(call); });
    serve("addVersion", [=](Call& call) { return manager->add_version(call); });
    serve("versions.get", [=](Call& call) { return manager->get_version(call); });
    serve("versions.list", [=](Call& call) { return manager->list_versions(call); });
    serve("versions.access", [=](Call& call) { return manager->access(call); });
    serve("versions.enable", [=](Call& call) { return manager->set_state(call, "ENABLED"); });
    serve("versions.disable", [=](Call& call) { return manager->set_state(call, "DISABLED"); });
    serve("versions.destroy", [=](Call& call) { return manager->set_state(call, "DESTROYED"); });
    serve_policies(methods, store, "secretmanager.projects.secrets", "v1",
                   [](Transaction& transaction, Call const& call) -> Outcome<std::string> {
                       return TRY(find_secret(transaction, call.path_parameter("resource"))).name;
                   });
}

}  // namespace aipress::sandbox
