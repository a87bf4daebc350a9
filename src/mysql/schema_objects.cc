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

Result<void> read_views(Context const& context, Connection& connection, Schema& schema) {
    auto const rows = TRY(connection.query(
        context, fmt::format("SELECT TABLE_NAME AS name, DEFINER AS definer, "
                             "CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation "
                             "FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {} "
                             "ORDER BY TABLE_NAME",
                             quote_text(schema.name))));
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        SchemaObject view;
        view.kind = ObjectKind::View;
        view.name = rows.text(row, "name");
        view.definer = rows.text(row, "definer");
        view.character_set_client = rows.text(row, "client");
        view.collation_connection = rows.text(row, "collation");
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
        SchemaObject trigger;
        trigger.kind = ObjectKind::Trigger;
        trigger.name = rows.text(row, "name");
        trigger.table_name = rows.text(row, "table_name");
        trigger.definer = rows.text(row, "definer");
        trigger.sql_mode = rows.text(row, "mode");
        trigger.character_set_client = rows.text(row, "client");
        trigger.collation_connection = rows.text(row, "collation");
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
        SchemaObject routine;
        routine.name = rows.text(row, "name");
        auto const& type = rows.text(row, "type");
        if (type != "FUNCTION" && type != "PROCEDURE") {
            schema.unsupported.push_back(fmt::format("{} {}", type, routine.name));
            continue;
        }
        bool const is_function = type == "FUNCTION";
        routine.kind = is_function ? ObjectKind::Function : ObjectKind::Procedure;
        routine.definer = rows.text(row, "definer");
        routine.sql_mode = with_modes_spelled_out(rows.text(row, "mode"));
        routine.character_set_client = rows.text(row, "client");
        routine.collation_connection = rows.text(row, "collation");
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
        SchemaObject event;
        event.kind = ObjectKind::Event;
        event.name = rows.text(row, "name");
        event.definer = rows.text(row, "definer");
        event.is_enabled = rows.text(row, "status") == "ENABLED";
        event.sql_mode = with_modes_spelled_out(rows.text(row, "mode"));
        event.time_zone = rows.text(row, "zone");
        event.character_set_client = rows.text(row, "client");
        event.collation_connection = rows.text(row, "collation");
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
