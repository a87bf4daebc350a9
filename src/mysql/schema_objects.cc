#include "mysql/schema_objects.h"

#include <fmt/format.h>
#include <utility>

namespace aipress::mysql {
namespace {

// The text of one object. An account that may see an object but not its body gets NULL.
Result<std::string> show_create(Context const& context, Connection& connection,
                                SchemaObject const& object, std::string_view column) {
    std::string kind(to_string(object.kind));
    auto const shown = TRY(
        connection
            .query(context, fmt::format("SHOW CREATE {} {}", kind, quote_identifier(object.name)))
            .in_context(fmt::format("reading {} {}", kind, object.name)));
    if (shown.rows.empty() || shown.is_null(0, column)) {
        return Error(ErrorCode::PermissionDenied,
                     fmt::format("the text of {} {} cannot be read with this account's privileges",
                                 kind, object.name));
    }
    return shown.text(0, column);
}

// The tables that keep events and routines call ALLOW_INVALID_DATES by a name that SET refuses.
std::string with_modes_spelled_out(std::string sql_mode) {
    static constexpr std::string_view kStored = "INVALID_DATES";
    auto const at = sql_mode.find(kStored);
    if (at != std::string::npos && (at == 0 || sql_mode[at - 1] == ',')) {
        sql_mode.insert(at, "ALLOW_");
    }
    return sql_mode;
}

// What all kinds have. A view's definition does not depend on a mode: its query gives none.
SchemaObject object_from(ResultSet const& rows, std::size_t row, ObjectKind kind) {
    SchemaObject object;
    object.kind = kind;
    object.name = rows.text(row, "name");
    object.definer = rows.text(row, "definer");
    object.character_set_client = rows.text(row, "client");
    object.collation_connection = rows.text(row, "collation");
    if (kind != ObjectKind::View) object.sql_mode = with_modes_spelled_out(rows.text(row, "mode"));
    return object;
}

Result<void> read_views(Context const& context, Connection& connection, Schema& schema) {
    auto const rows = TRY(connection.query(
        context, fmt::format("SELECT TABLE_NAME AS name, DEFINER AS definer, "
                             "CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation "
                             "FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {} "
                             "ORDER BY TABLE_NAME",
                             quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto view = object_from(rows, row, ObjectKind::View);
        view.create_sql = TRY(show_create(context, connection, view, "Create View"));
        schema.objects.push_back(std::move(view));
    }
    return {};
}

Result<void> read_triggers(Context const& context, Connection& connection, Schema& schema) {
    auto const rows = TRY(connection.query(
        context,
        fmt::format("SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS table_name, "
                    "DEFINER AS definer, SQL_MODE AS mode, CHARACTER_SET_CLIENT AS client, "
                    "COLLATION_CONNECTION AS collation FROM information_schema.TRIGGERS "
                    "WHERE TRIGGER_SCHEMA = {} ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, "
                    "EVENT_MANIPULATION, ACTION_ORDER, TRIGGER_NAME",
                    quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto trigger = object_from(rows, row, ObjectKind::Trigger);
        trigger.table_name = rows.text(row, "table_name");
        trigger.create_sql =
            TRY(show_create(context, connection, trigger, "SQL Original Statement"));
        schema.objects.push_back(std::move(trigger));
    }
    return {};
}

Result<void> read_routines(Context const& context, Connection& connection, Schema& schema) {
    auto const rows = TRY(connection.query(
        context, fmt::format("SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type, "
                             "DEFINER AS definer, SQL_MODE AS mode, "
                             "CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation "
                             "FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {} "
                             "ORDER BY ROUTINE_TYPE, ROUTINE_NAME",
                             quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto const& type = rows.text(row, "type");
        if (type != "FUNCTION" && type != "PROCEDURE") {
            schema.unsupported.push_back(fmt::format("{} {}", type, rows.text(row, "name")));
            continue;
        }
        bool const is_function = type == "FUNCTION";
        auto routine =
            object_from(rows, row, is_function ? ObjectKind::Function : ObjectKind::Procedure);
        routine.create_sql = TRY(show_create(context, connection, routine,
                                             is_function ? "Create Function" : "Create Procedure"));
        schema.objects.push_back(std::move(routine));
    }
    return {};
}

Result<void> read_events(Context const& context, Connection& connection, Schema& schema) {
    auto const rows = TRY(connection.query(
        context, fmt::format("SELECT EVENT_NAME AS name, DEFINER AS definer, STATUS AS status, "
                             "SQL_MODE AS mode, TIME_ZONE AS zone, CHARACTER_SET_CLIENT AS client, "
                             "COLLATION_CONNECTION AS collation FROM information_schema.EVENTS "
                             "WHERE EVENT_SCHEMA = {} ORDER BY EVENT_NAME",
                             quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        auto event = object_from(rows, row, ObjectKind::Event);
        event.is_enabled = rows.text(row, "status") == "ENABLED";
        event.time_zone = rows.text(row, "zone");
        event.create_sql = TRY(show_create(context, connection, event, "Create Event"));
        schema.objects.push_back(std::move(event));
    }
    return {};
}

}  // namespace

Result<void> read_objects(Context const& context, Connection& connection, Schema& schema) {
    TRY(read_views(context, connection, schema));
    TRY(read_triggers(context, connection, schema));
    TRY(read_routines(context, connection, schema));
    return read_events(context, connection, schema);
}

}  // namespace aipress::mysql
