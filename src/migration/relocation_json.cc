#include "migration/relocation_json.h"

#include <array>
#include <boost/json/array.hpp>
#include <string>
#include <utility>

#include "json/fields.h"

namespace aipress::migration {
namespace {

namespace bj = boost::json;

using fleet::Home;
using HomeField = std::pair<char const*, std::string Home::*>;
constexpr std::array<HomeField, 10> kHomeFields{{{"project", &Home::project},
                                                 {"region", &Home::region},
                                                 {"service", &Home::service},
                                                 {"service_account", &Home::service_account},
                                                 {"instance", &Home::instance},
                                                 {"database", &Home::database},
                                                 {"user", &Home::user},
                                                 {"password_secret", &Home::password_secret},
                                                 {"bucket", &Home::bucket},
                                                 {"prefix", &Home::prefix}}};

Result<Home> home_of(bj::object const& object, char const* field) {
    auto const* const value = object.if_contains(field);
    if (value == nullptr || !value->is_object()) {
        return Error(ErrorCode::InvalidArgument, std::string(field) + ": expected an object");
    }
    Home home;
    for (auto const& [name, member] : kHomeFields) {
        home.*member = TRY(json::get_string(value->get_object(), name).in_context(field));
    }
    return home;
}

}  // namespace

bj::object to_json(Home const& home) {
    bj::object object;
    for (auto const& [name, member] : kHomeFields) object[name] = home.*member;
    return object;
}

bj::object to_json(fleet::Relocation const& relocation) {
    bj::array aliases;
    for (auto const& alias : relocation.aliases) aliases.emplace_back(alias);
    return {{"aliases", std::move(aliases)},   {"tenant", relocation.tenant},
            {"host", relocation.host},         {"dns_project", relocation.dns_project},
            {"dns_zone", relocation.dns_zone}, {"from", to_json(relocation.from)},
            {"to", to_json(relocation.to)}};
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
