#include "mover/way_back.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <optional>

#include "mover/follower.h"
#include "mover/foreign_writes.h"
#include "mover/journal.h"
#include "mover/limits.h"
#include "mover/objects_json.h"
#include "mover/report_json.h"
#include "mysql/binlog/stream.h"

namespace aipress::mover {
namespace {

constexpr milliseconds kConnectTime{15'000};

// Beside those of the move itself, whose last digit is 1 or 2.
enum class Reader : std::uint32_t { OldSide = 3, NewSide = 4 };
std::uint32_t server_id(std::string const& move_id, Reader reader) {
    auto const hash = std::hash<std::string>()(move_id);
    return static_cast<std::uint32_t>(0x8000'0000u | (hash & 0x7fff'fff0u) |
                                      static_cast<std::uint32_t>(reader));
}

// What is missing of the tables that were moved; else that something of them is otherwise.
std::string describe_change(JournalContent const& content, mysql::Schema const& schema) {
    auto const report = report_from_json(content.report);
    if (!report.ok()) return "its tables are not as they were";
    for (auto const& table : report.value().per_table) {
        bool const is_there =
            std::any_of(schema.tables.begin(), schema.tables.end(),
                        [&](auto const& other) { return other.name == table.table; });
        if (!is_there) return fmt::format("its table {} is gone", table.table);
    }
    return "the definitions of its tables have been changed";
}

Result<std::string> find_damage(JournalContent const& content, mysql::Schema schema) {
    // Its triggers are dropped while it is passive.
    schema.objects = TRY(objects_from_json(content.objects));
    if (mysql::schema_hash(schema) == content.schema_hash) return std::string();
    return describe_change(content, schema);
}

Result<std::string> find_doubt(Context const& context, JournalContent const& content,
                               mysql::Connection& source, mysql::Endpoint const& endpoint,
                               mysql::Schema const& schema) {
    if (!content.source_end) return std::string("the journal does not say where its log ended");
    ForeignSearch search{.endpoint = endpoint,
                         .move_id = content.move_id,
                         .from = *content.source_end,
                         .upto = TRY(mysql::binlog::current_position(context, source)),
                         .server_id = server_id(content.move_id, Reader::OldSide)};
    for (auto const& table : schema.tables) {
        if (table.engine != "InnoDB") search.unsigned_tables.insert(table.name);
    }
    auto found = find_foreign_write(context, search);
    if (found.ok() || found.error().code() != ErrorCode::OutOfRange) return found;
    return "its log does not reach back to the switch any more, and nothing else tells who has "
           "written there: " +
           found.error().message();
}

// Reads the new side's log from where the last changes were carried up to now.
Result<void> examine_stream(Context const& context, JournalContent const& content,
                            MoveOptions const& options, mysql::binlog::Position const& start,
                            mysql::Schema const& schema, WayBack& way_back) {
    auto target = TRY(mysql::Connection::open(context.within(kConnectTime), options.target));
    auto const now = TRY(mysql::binlog::current_position(context, target));
    Layouts layouts;
    for (auto const& table : schema.tables) layouts.emplace(table.name, TableLayout(table));
    auto const spill = std::filesystem::temp_directory_path();
    Follower follower(context.clock(),
                      {.endpoint = options.target,
                       .move_id = content.move_id,
                       .from = start,
                       .server_id = server_id(content.move_id, Reader::NewSide),
                       .retry_for = milliseconds(0),
                       .spill_directory = spill},
                      layouts);
    TRY(follower.wait_until(context, now));
    auto const status = follower.status();
    way_back.writes_to_carry = status.dirty_keys;
    if (!status.failure) return {};
    if (mysql::is_connection_error(*status.failure)) return *status.failure;
    way_back.broken = status.failure->message();
    way_back.writes_behind_break = status.changes_after_failure;
    way_back.is_counted = status.is_counting;
    return {};
}

}  // namespace

Result<WayBack> examine_way_back(Context const& context, std::string const& journal,
                                 MoveOptions const& options) {
    auto const content = TRY(Journal::read(journal));
    ASSERT(content.owner == Side::Target && content.reverse_start.has_value());
    WayBack way_back;
    auto opened = mysql::Connection::open(context.within(kConnectTime), options.source);
    if (!opened.ok() && opened.error().code() == ErrorCode::NotFound) {
        way_back.damage = "it is gone: " + opened.error().message();
        return way_back;
    }
    auto source = TRY(std::move(opened).in_context("the old side"));
    auto const schema = TRY(mysql::read_schema(context, source, options.source.database));
    way_back.damage = TRY(find_damage(content, schema));
    way_back.doubt = TRY(find_doubt(context, content, source, options.source, schema));
    auto const saved = metadata::read_position(context, source, content.move_id);
    if (!saved.ok() && saved.error().code() != ErrorCode::NotFound) return saved.error();
    if (!saved.ok() || !saved.value()) {
        if (way_back.damage.empty()) way_back.damage = "the mover's own marks there are gone";
        return way_back;
    }
    auto const start = std::max(*content.reverse_start, *saved.value());
    TRY(examine_stream(context, content, options, start, schema, way_back)
            .in_context("the new side's log"));
    return way_back;
}

}  // namespace aipress::mover
