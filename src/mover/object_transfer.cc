// Views, triggers, routines and events of schema_transfer.h.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "mover/apply_effect.h"
#include "mover/schema_transfer.h"
#include "mover/session_settings.h"
#include "mysql/sql_text.h"

namespace aipress::mover {
namespace {

using mysql::ObjectKind;
using mysql::quote_identifier;
using mysql::quote_text;
using mysql::SchemaObject;

// A statement refers to a table, view or column that is not there (yet).
constexpr std::array<unsigned, 4> kMissingReference = {1146, 1356, 1054, 1305};

std::set<std::string, std::less<>> names_of(mysql::Schema const& schema) {
    std::set<std::string, std::less<>> names;
    for (auto const& table : schema.tables) names.insert(table.name);
    for (auto const& object : schema.objects) names.insert(object.name);
    return names;
}

// "view v": what exists in the session's database, in the words of to_string(ObjectKind).
Result<std::set<std::string>> existing_objects(Context const& context,
                                               mysql::Connection& connection) {
    auto const rows = TRY(connection.query(
        context,
        "SELECT CONCAT('view ', TABLE_NAME) FROM information_schema.VIEWS "
        "WHERE TABLE_SCHEMA = DATABASE() UNION "
        "SELECT CONCAT('trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS "
        "WHERE TRIGGER_SCHEMA = DATABASE() UNION "
        "SELECT CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_NAME) FROM information_schema.ROUTINES "
        "WHERE ROUTINE_SCHEMA = DATABASE() UNION "
        "SELECT CONCAT('event ', EVENT_NAME) FROM information_schema.EVENTS "
        "WHERE EVENT_SCHEMA = DATABASE()"));
    std::set<std::string> names;
    for (auto const& row : rows.rows) names.insert(row.at(0).value_or(""));
    return names;
}

std::string existing_name(SchemaObject const& object) {
    return fmt::format("{} {}", to_string(object.kind), object.name);
}

// Modes that one family knows and the other refuses; they change how a statement is checked when
// it is made, not what the object does.
std::string mode_understood_by(mysql::ServerVersion const& version, std::string_view sql_mode) {
    static std::set<std::string_view> const kOnlyMariaDb = {
        "IGNORE_BAD_TABLE_OPTIONS", "EMPTY_STRING_IS_NULL", "SIMULTANEOUS_ASSIGNMENT",
        "TIME_ROUND_FRACTIONAL"};
    static std::set<std::string_view> const kGoneInMySql8 = {"NO_AUTO_CREATE_USER",
                                                             "DB2",
                                                             "MAXDB",
                                                             "MSSQL",
                                                             "MYSQL323",
                                                             "MYSQL40",
                                                             "ORACLE",
                                                             "POSTGRESQL",
                                                             "NO_KEY_OPTIONS",
                                                             "NO_TABLE_OPTIONS",
                                                             "NO_FIELD_OPTIONS"};
    std::vector<std::string_view> understood;
    for (std::size_t at = 0; at < sql_mode.size();) {
        auto const end = std::min(sql_mode.find(',', at), sql_mode.size());
        auto const mode = sql_mode.substr(at, end - at);
        bool const is_unknown = (!version.is_mariadb() && kOnlyMariaDb.contains(mode)) ||
                                (version.mysql_at_least(80000) && kGoneInMySql8.contains(mode)) ||
                                (version.is_mariadb() && mode == "TIME_TRUNCATE_FRACTIONAL");
        if (!is_unknown) understood.push_back(mode);
        at = end + 1;
    }
    return fmt::format("{}", fmt::join(understood, ","));
}

std::string session_for(mysql::ServerVersion const& version, SchemaObject const& object,
                        std::string const& session_mode) {
    auto const mode = object.kind == ObjectKind::View
                          ? session_mode
                          : mode_understood_by(version, object.sql_mode);
    auto set =
        fmt::format("SET character_set_client = {}, collation_connection = {}, sql_mode = {}",
                    object.character_set_client, object.collation_connection, quote_text(mode));
    if (!object.time_zone.empty()) set += ", time_zone = " + quote_text(object.time_zone);
    return set;
}

// A session that makes objects on one side.
class ObjectMaker {
public:
    static Result<ObjectMaker> open(Context const& context, mysql::Connection& connection,
                                    Side side, mysql::Schema const& schema, std::string scope,
                                    EffectLog& log, Probe& probe) {
        ObjectMaker maker(connection, side, schema, std::move(scope), log, probe);
        TRY(connection.execute(context, fmt::format("USE {}", quote_identifier(maker.database_))));
        maker.existing_ = TRY(existing_objects(context, connection));
        maker.session_mode_ =
            TRY(connection.query(context, "SELECT @@SESSION.sql_mode")).scalar().value_or("");
        maker.session_zone_ =
            TRY(connection.query(context, "SELECT @@SESSION.time_zone")).scalar().value_or("");
        return maker;
    }

    // Nothing when it exists already.
    Result<void> make(Context const& context, SchemaObject const& object, std::string_view sql) {
        if (existing_.contains(existing_name(object))) return {};
        auto const kind = to_string(object.kind);
        auto const qualified =
            fmt::format("{}.{}", quote_identifier(database_), quote_identifier(object.name));
        Effect const effect{side_, scope_, fmt::format("create-{}", kind), object.name,
                            fmt::format("DROP {} IF EXISTS {}", kind, qualified)};
        auto const text = schema_.name == database_
                              ? std::string(sql)
                              : mysql::rename_qualifier(sql, schema_.name, database_, names_);
        auto const restore = fmt::format("{}, sql_mode = {}, time_zone = {}", kDataSession,
                                         quote_text(session_mode_), quote_text(session_zone_));
        return in_session(context, connection_,
                          session_for(connection_.version(), object, session_mode_), restore, [&] {
                              return apply_effect(context, connection_, effect, text, log_, probe_);
                          });
    }

private:
    ObjectMaker(mysql::Connection& connection, Side side, mysql::Schema const& schema,
                std::string scope, EffectLog& log, Probe& probe)
        : connection_(connection),
          side_(side),
          schema_(schema),
          scope_(std::move(scope)),
          log_(log),
          probe_(probe),
          database_(database_on(connection, schema)),
          names_(names_of(schema)) {}

    mysql::Connection& connection_;
    Side side_;
    mysql::Schema const& schema_;
    std::string scope_;
    EffectLog& log_;
    Probe& probe_;
    std::string database_;
    std::set<std::string, std::less<>> names_;
    std::set<std::string> existing_;
    std::string session_mode_;
    std::string session_zone_;
};

bool is_missing_reference(Error const& error) {
    return std::find(kMissingReference.begin(), kMissingReference.end(), error.native_code()) !=
           kMissingReference.end();
}

// Views on views: whatever can be made is made, until nothing is left. A round without progress
// ends in the first view's own error.
Result<void> make_views(Context const& context, ObjectMaker& maker, mysql::Schema const& schema) {
    std::vector<SchemaObject const*> waiting;
    for (auto const& object : schema.objects) {
        if (object.kind == ObjectKind::View) waiting.push_back(&object);
    }
    while (!waiting.empty()) {
        std::vector<SchemaObject const*> refused;
        std::optional<Error> reason;
        for (auto const* view : waiting) {
            auto made = maker.make(context, *view, view->create_sql);
            if (made.ok()) continue;
            if (!is_missing_reference(made.error())) return made.release_error();
            if (!reason) reason = made.release_error();
            refused.push_back(view);
        }
        if (refused.size() == waiting.size()) return std::move(*reason);
        waiting = std::move(refused);
    }
    return {};
}

}  // namespace

Result<void> create_passive_objects(Context const& context, mysql::Connection& target, Side side,
                                    mysql::Schema const& schema, EffectLog& log, Probe& probe) {
    auto maker = TRY(ObjectMaker::open(context, target, side, schema, "schema", log, probe));
    for (auto const& object : schema.objects) {  // a view may call a function, never the reverse
        if (object.kind == ObjectKind::Function || object.kind == ObjectKind::Procedure) {
            TRY(maker.make(context, object, object.create_sql));
        }
    }
    return make_views(context, maker, schema);
}

Result<void> create_active_objects(Context const& context, mysql::Connection& connection, Side side,
                                   mysql::Schema const& schema, EventsEnabled events_enabled,
                                   std::string const& scope, EffectLog& log, Probe& probe) {
    auto maker = TRY(ObjectMaker::open(context, connection, side, schema, scope, log, probe));
    for (auto const& object : schema.objects) {
        if (object.kind == ObjectKind::Trigger) {
            TRY(maker.make(context, object, object.create_sql));
        } else if (object.kind == ObjectKind::Event) {
            bool const runs = object.is_enabled && events_enabled == EventsEnabled::AsOnSource;
            TRY(maker.make(
                context, object,
                mysql::with_event_status(object.create_sql, runs ? "ENABLE" : "DISABLE")));
        }
    }
    return {};
}

Result<void> drop_triggers(Context const& context, mysql::Connection& connection, Side side,
                           mysql::Schema const& schema, Probe& probe) {
    auto const database = quote_identifier(database_on(connection, schema));
    for (auto const& object : schema.objects) {
        if (object.kind != ObjectKind::Trigger) continue;
        probe.at("drop-trigger.before");
        TRY(connection
                .execute(context, fmt::format("DROP TRIGGER IF EXISTS {}.{}", database,
                                              quote_identifier(object.name)))
                .in_context(
                    fmt::format("dropping trigger {} on the {}", object.name, to_string(side))));
        probe.at("drop-trigger.after");
    }
    return {};
}

}  // namespace aipress::mover
