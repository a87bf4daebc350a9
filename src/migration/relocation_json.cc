#include "migration/relocation_json.h"

#include <boost/json/array.hpp>
#include <string>
#include <utility>

#include "fleet/home_json.h"
#include "json/fields.h"

namespace aipress::migration {
namespace {

namespace bj = boost::json;

Result<fleet::Home> home_of(bj::object const& object, char const* field) {
    auto const* const value = object.if_contains(field);
    if (value == nullptr || !value->is_object()) {
        return Error(ErrorCode::InvalidArgument, std::string(field) + ": expected an object");
    }
    return fleet::read_home(value->get_object()).in_context(field);
}

}  // namespace

bj::object to_json(fleet::Relocation const& relocation) {
    bj::array aliases;
    for (auto const& alias : relocation.aliases) aliases.emplace_back(alias);
    return {{"aliases", std::move(aliases)},
            {"tenant", relocation.tenant},
            {"host", relocation.host},
            {"dns_project", relocation.dns_project},
            {"dns_zone", relocation.dns_zone},
            {"from", fleet::to_json(relocation.from)},
            {"to", fleet::to_json(relocation.to)}};
}

Result<fleet::Relocation> relocation_of(bj::object const& object) {
    fleet::Relocation relocation;
    relocation.tenant = TRY(json::get_string(object, "tenant"));
    relocation.host = TRY(json::get_string(object, "host"));
    if (auto const* const aliases = object.if_contains("aliases");
        aliases != nullptr && aliases->is_array()) {
        for (auto const& alias : aliases->get_array()) {
            if (alias.is_string()) relocation.aliases.emplace_back(alias.get_string());
        }
    }
    relocation.dns_project = TRY(json::get_string(object, "dns_project"));
    relocation.dns_zone = TRY(json::get_string(object, "dns_zone"));
    relocation.from = TRY(home_of(object, "from"));
    relocation.to = TRY(home_of(object, "to"));
    return relocation;
}

}  // namespace aipress::migration
