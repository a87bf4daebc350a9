#include "fleet/home_json.h"

#include <array>
#include <string>
#include <utility>

#include "json/fields.h"

namespace aipress::fleet {
namespace {

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

}  // namespace

boost::json::object to_json(Home const& home) {
    boost::json::object fields;
    for (auto const& [name, member] : kHomeFields) fields[name] = home.*member;
    return fields;
}

Result<Home> read_home(boost::json::object const& fields) {
    Home home;
    for (auto const& [name, member] : kHomeFields) {
        home.*member = TRY(json::get_string(fields, name));
    }
    return home;
}

}  // namespace aipress::fleet
