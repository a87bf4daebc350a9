#include "mover/objects_json.h"

#include <boost/json/array.hpp>

#include "json/fields.h"

namespace aipress::mover {

namespace bj = boost::json;

bj::object objects_to_json(std::vector<mysql::SchemaObject> const& objects) {
    bj::array list;
    for (auto const& object : objects) {
        list.push_back(bj::object{{"kind", static_cast<std::int64_t>(object.kind)},
                                  {"name", object.name},
                                  {"definer", object.definer},
                                  {"sql_mode", object.sql_mode},
                                  {"character_set_client", object.character_set_client},
                                  {"collation_connection", object.collation_connection},
                                  {"create_sql", object.create_sql},
                                  {"is_enabled", object.is_enabled}});
    }
    return {{"objects", std::move(list)}};
}

Result<std::vector<mysql::SchemaObject>> objects_from_json(bj::object const& json_object) {
    std::vector<mysql::SchemaObject> objects;
    auto const* list = json_object.if_contains("objects");
    if (list == nullptr || !list->is_array()) return objects;
    for (auto const& value : list->get_array()) {
        if (!value.is_object()) return Error(ErrorCode::DataLoss, "an object that is none");
        auto const& fields = value.get_object();
        mysql::SchemaObject object;
        auto const kind = TRY(json::get_integer(fields, "kind"));
        if (kind < 0 || kind > static_cast<std::int64_t>(mysql::ObjectKind::Event)) {
            return Error(ErrorCode::DataLoss, "an object of an unknown kind");
        }
        object.kind = static_cast<mysql::ObjectKind>(kind);
        object.name = TRY(json::get_string(fields, "name"));
        object.definer = TRY(json::get_string(fields, "definer"));
        object.sql_mode = TRY(json::get_string(fields, "sql_mode"));
        object.character_set_client = TRY(json::get_string(fields, "character_set_client"));
        object.collation_connection = TRY(json::get_string(fields, "collation_connection"));
        object.create_sql = TRY(json::get_string(fields, "create_sql"));
        object.is_enabled = TRY(json::get_bool(fields, "is_enabled"));
        objects.push_back(std::move(object));
    }
    return objects;
}

}  // namespace aipress::mover
