#include "backup/site_secrets.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <fmt/format.h>

#include "backup/limits.h"
#include "gcp/fields.h"
#include "gcp/run_secrets.h"
#include "json/fields.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using aipress::json::get_string;
using gcp::array_of;
using gcp::object_of;
using gcp::Outcome;
using gcp::text_of;

constexpr std::string_view kLatest = "latest";

class Uses {
public:
    explicit Uses(std::string const& project) : project_(project) {}

    void add(std::string const& secret, std::string version) {
        if (secret.empty()) return;
        if (version.empty()) version = kLatest;
        SecretUse use{.name = gcp::secret_name(secret, project_), .version = std::move(version)};
        auto const is_same = [&](SecretUse const& other) { return other.title() == use.title(); };
        if (std::none_of(all_.begin(), all_.end(), is_same)) all_.push_back(std::move(use));
    }
    [[nodiscard]] std::vector<SecretUse> take() { return std::move(all_); }

private:
    std::string const& project_;
    std::vector<SecretUse> all_;
};

Outcome<KeptSecret> keep(Context const& context, gcp::SecretManager const& secrets,
                         SecretUse const& use, TenantKey const& key) {
    auto const& name = use.name;
    KeptSecret kept{.use = use, .references = {use.version}};
    auto const full = text_of(TRY(secrets.get_version(context, name, use.version)), "name");
    kept.use.version = full.substr(full.rfind('/') + 1);
    auto const secret = TRY(secrets.get_secret(context, name));
    if (auto const* const labels = object_of(secret, "labels")) kept.labels = *labels;
    kept.policy = TRY(secrets.get_policy(context, name));
    auto const payload = TRY(secrets.access_version(context, name, kept.use.version));
    kept.sealed = TRY(key.seal(kept.use.title(), payload.reveal()));
    return kept;
}

Result<KeptSecret> read_secret(json::object const& fields) {
    KeptSecret secret;
    secret.use.name.project = TRY(get_string(fields, "project"));
    secret.use.name.secret = TRY(get_string(fields, "secret"));
    secret.use.version = TRY(get_string(fields, "version"));
    for (auto const& reference : array_of(fields, "references")) {
        if (reference.is_string()) secret.references.emplace_back(reference.get_string());
    }
    for (auto const& [name, member] : {std::pair{"labels", &KeptSecret::labels},
                                       {"policy", &KeptSecret::policy},
                                       {"sealed", &KeptSecret::sealed}}) {
        if (auto const* const object = object_of(fields, name)) secret.*member = *object;
    }
    return secret;
}

}  // namespace

std::string SecretUse::title() const {
    return fmt::format("projects/{}/secrets/{}/versions/{}", name.project, name.secret, version);
}

std::vector<SecretUse> secrets_of(json::object const& service, fleet::Home const& home) {
    Uses uses(home.project);
    if (auto const* const revision = object_of(service, "template")) {
        for (auto const& reference : gcp::secrets_of_template(*revision)) {
            uses.add(reference.secret, reference.version);
        }
    }
    uses.add(home.password_secret, "");
    return uses.take();
}

bool KeptSecret::is_latest() const {
    return std::find(references.begin(), references.end(), kLatest) != references.end();
}

Outcome<std::vector<KeptSecret>> keep_secrets(Context const& context,
                                              gcp::SecretManager const& secrets,
                                              std::vector<SecretUse> const& uses,
                                              TenantKey const& key) {
    std::vector<KeptSecret> all;
    for (auto const& use : uses) {
        auto kept = keep(context, secrets, use, key);
        if (!kept.ok()) return Error(kept.release_error()).in_context("keeping " + use.title());
        auto const same = std::find_if(all.begin(), all.end(), [&](KeptSecret const& other) {
            return other.use.title() == kept->use.title();
        });
        if (same == all.end()) {
            all.push_back(kept.release());
        } else {
            same->references.push_back(use.version);
        }
    }
    return all;
}

std::string write_secrets(std::vector<KeptSecret> const& secrets) {
    json::array all;
    for (auto const& secret : secrets) {
        all.push_back({{"project", secret.use.name.project},
                       {"secret", secret.use.name.secret},
                       {"version", secret.use.version},
                       {"references", json::value_from(secret.references)},
                       {"labels", secret.labels},
                       {"policy", secret.policy},
                       {"sealed", secret.sealed}});
    }
    return json::serialize(json::object{{"secrets", std::move(all)}});
}

Result<std::vector<KeptSecret>> parse_secrets(std::string_view text) {
    auto const fields = aipress::json::parse_object(text);
    Error const damaged(ErrorCode::DataLoss, "the list of secrets is damaged");
    if (!fields.ok() || !fields.value().contains("secrets")) return damaged;
    std::vector<KeptSecret> all;
    for (auto const& secret : array_of(fields.value(), "secrets")) {
        if (!secret.is_object()) return damaged;
        auto read = read_secret(secret.get_object());
        if (!read.ok()) return damaged;
        all.push_back(read.release());
    }
    return all;
}

Outcome<std::vector<KeptSecret>> read_secrets(Context const& context, Folder const& folder) {
    auto const text = TRY(folder.read(context, kSecrets, limits::kPartBytes));
    if (!text) {
        return Error(ErrorCode::DataLoss, fmt::format("{} is missing", folder.url(kSecrets)));
    }
    auto secrets = parse_secrets(*text);
    if (!secrets.ok()) return secrets.release_error().in_context(folder.url(kSecrets));
    return secrets.release();
}

}  // namespace aipress::backup
