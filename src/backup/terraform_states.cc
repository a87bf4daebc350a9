#include "backup/terraform_states.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "backup/limits.h"
#include "inventory/limits.h"
#include "inventory/state_file.h"
#include "json/fields.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using gcp::Done;
using gcp::Object;
using gcp::Outcome;

constexpr std::string_view kStateSuffix = ".tfstate";
constexpr std::string_view kFolder = "terraform/";
constexpr std::string_view kSealedSuffix = ".sealed.json";

// "tenants/tenant-001/default.tfstate", "tenant-001.tfstate"
bool is_named_after(std::string_view name, std::string_view tenant) {
    name.remove_suffix(kStateSuffix.size());
    while (true) {
        auto const slash = name.find('/');
        if (name.substr(0, slash) == tenant) return true;
        if (slash == name.npos) return false;
        name.remove_prefix(slash + 1);
    }
}

// Into memory only.
Outcome<std::string> read_state(Context const& context, gcp::Connection const& connection,
                                Object const& state) {
    if (state.size > inventory::limits::kStateFileBytes) {
        return Error(
            ErrorCode::FailedPrecondition,
            fmt::format("gs://{}/{} has {} bytes; states of up to {} are kept", state.bucket,
                        state.name, state.size, inventory::limits::kStateFileBytes));
    }
    std::string text;
    TRY(gcp::Storage(connection)
            .read_bytes(context, state, [&](std::string_view piece) -> Outcome<Done> {
                text += piece;
                return Done();
            }));
    return text;
}

bool declares_site(inventory::StateFile const& state, fleet::Home const& home) {
    using inventory::Kind;
    return std::any_of(state.declared.begin(), state.declared.end(), [&](auto const& declared) {
        auto const& resource = declared.resource;
        auto const name = resource.name();
        return (resource.kind == Kind::Service && name == home.service) ||
               (resource.kind == Kind::Instance && name == home.instance) ||
               (resource.kind == Kind::Bucket && name == home.bucket);
    });
}

}  // namespace

Outcome<std::vector<Object>> find_states(Context const& context, gcp::Connection const& connection,
                                         std::string const& bucket, Site const& site) {
    std::vector<Object> named;
    std::vector<Object> others;
    std::size_t count = 0;
    TRY(gcp::Storage(connection)
            .list_objects(context, {.bucket = bucket}, [&](Object const& object) -> Outcome<Done> {
                if (!object.name.ends_with(kStateSuffix)) return Done();
                ++count;
                if (is_named_after(object.name, site.tenant)) {
                    named.push_back(object);
                } else if (others.size() < limits::kStateFilesSearched) {
                    others.push_back(object);
                }
                return Done();
            }));
    if (!named.empty()) return named;
    if (count > others.size()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("none of the {} state files in gs://{} has a folder or a name {}, "
                                 "and only {} are searched by what they declare",
                                 count, bucket, site.tenant, limits::kStateFilesSearched));
    }
    std::vector<Object> declaring;
    for (auto const& object : others) {
        auto const text = TRY(read_state(context, connection, object));
        auto const state = inventory::parse_state_file(text, site.home.project);
        // One that is not read is not known to be the tenant's; the inventory tells of it.
        if (state.ok() && declares_site(state.value(), site.home)) declaring.push_back(object);
    }
    return declaring;
}

Outcome<std::vector<std::string>> keep_states(Context const& context,
                                              gcp::Connection const& connection,
                                              std::vector<Object> const& states,
                                              Folder const& folder, TenantKey const& key) {
    std::vector<std::string> names;
    for (auto const& state : states) {
        auto name = fmt::format("{}{}{}", kFolder, state.name, kSealedSuffix);
        auto const sealed = TRY(key.seal(name, TRY(read_state(context, connection, state))));
        TRY(folder.put(context, name, "application/json", json::serialize(sealed)));
        names.push_back(std::move(name));
    }
    return names;
}

bool is_state(std::string_view name) {
    return name.starts_with(kFolder) && name.ends_with(kSealedSuffix);
}

Result<gcp::Secret> open_state(std::string_view name, std::string_view text, TenantKey const& key) {
    auto const sealed = aipress::json::parse_object(text);
    if (!sealed.ok()) return Error(ErrorCode::DataLoss, fmt::format("{}: it is damaged", name));
    return key.open(name, sealed.value());
}

}  // namespace aipress::backup
