// database.json. A range is [upto, rows before, sum before, rows after, sum after], the last two
// only where they are others; keys are base64.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "backup/database_record.h"
#include "http/base64.h"
#include "json/fields.h"

namespace aipress::backup {
namespace {

namespace json = boost::json;
using aipress::json::get_integer;
using aipress::json::get_string;

constexpr std::size_t kQuietFields = 3;
constexpr std::size_t kChangedFields = 5;

json::array range_json(RangeRecord const& range) {
    json::array made{http::encode_base64(range.upto), range.before.rows, range.before.sum};
    if (!range.is_quiet()) {
        made.emplace_back(range.after.rows);
        made.emplace_back(range.after.sum);
    }
    return made;
}

json::object object_json(ObjectRecord const& object) {
    // The text has bytes of any character set.
    return {{"kind", object.kind},
            {"name", object.name},
            {"definer", object.definer},
            {"sql_mode", object.sql_mode},
            {"create_sql", http::encode_base64(object.create_sql)}};
}

Error malformed(std::string_view what) {
    return {ErrorCode::DataLoss, fmt::format("it is damaged: {}", what)};
}

Result<mover::RangeDigest> read_digest(json::value const& rows, json::value const& sum) {
    if (!rows.is_int64() || rows.get_int64() < 0 || !sum.is_string()) {
        return malformed("a digest of a range");
    }
    return mover::RangeDigest{.rows = static_cast<std::uint64_t>(rows.get_int64()),
                              .sum = std::string(sum.get_string())};
}

Result<RangeRecord> read_range(json::value const& value) {
    auto const* const fields = value.if_array();
    if (fields == nullptr || (fields->size() != kQuietFields && fields->size() != kChangedFields) ||
        !(*fields)[0].is_string()) {
        return malformed("a range");
    }
    RangeRecord range;
    auto const upto = http::decode_base64((*fields)[0].get_string());
    if (!upto) return malformed("a range's end");
    range.upto = *upto;
    range.before = TRY(read_digest((*fields)[1], (*fields)[2]));
    range.after = range.before;
    if (fields->size() == kChangedFields) {
        range.after = TRY(read_digest((*fields)[3], (*fields)[4]));
    }
    return range;
}

Result<ObjectRecord> read_object(json::object const& fields) {
    ObjectRecord object;
    object.kind = TRY(get_string(fields, "kind"));
    object.name = TRY(get_string(fields, "name"));
    object.definer = TRY(get_string(fields, "definer"));
    object.sql_mode = TRY(get_string(fields, "sql_mode"));
    auto const text = http::decode_base64(TRY(get_string(fields, "create_sql")));
    if (!text) return malformed("the text of " + object.name);
    object.create_sql = *text;
    return object;
}

Result<json::array const*> list_of(json::object const& fields, std::string_view name) {
    auto const* const list = fields.if_contains(name);
    if (list != nullptr && list->is_array()) return &list->get_array();
    return malformed(fmt::format("$.{}: expected a list", name));
}

Result<DatabaseRecord> read_record(json::object const& fields) {
    DatabaseRecord record;
    record.database = TRY(get_string(fields, "database"));
    record.character_set = TRY(get_string(fields, "character_set"));
    record.collation = TRY(get_string(fields, "collation"));
    record.schema_hash = TRY(get_string(fields, "schema_hash"));
    record.dump_generation = TRY(get_integer(fields, "dump_generation"));
    for (auto const& value : *TRY(list_of(fields, "tables"))) {
        if (!value.is_object()) return malformed("a table");
        TableRecord table;
        table.name = TRY(get_string(value.get_object(), "name"));
        for (auto const& range : *TRY(list_of(value.get_object(), "ranges"))) {
            table.ranges.push_back(TRY(read_range(range)));
        }
        record.tables.push_back(std::move(table));
    }
    for (auto const& value : *TRY(list_of(fields, "objects"))) {
        if (!value.is_object()) return malformed("an object of the database");
        record.objects.push_back(TRY(read_object(value.get_object())));
    }
    return record;
}

}  // namespace

std::string write_record(DatabaseRecord const& record) {
    json::array tables;
    for (auto const& table : record.tables) {
        json::array ranges;
        for (auto const& range : table.ranges) ranges.push_back(range_json(range));
        tables.push_back(json::object{{"name", table.name}, {"ranges", std::move(ranges)}});
    }
    json::array objects;
    for (auto const& object : record.objects) objects.push_back(object_json(object));
    return json::serialize(json::object{{"database", record.database},
                                        {"character_set", record.character_set},
                                        {"collation", record.collation},
                                        {"schema_hash", record.schema_hash},
                                        {"dump_generation", record.dump_generation},
                                        {"tables", std::move(tables)},
                                        {"objects", std::move(objects)}});
}

Result<DatabaseRecord> parse_record(std::string_view text) {
    auto const fields = aipress::json::parse_object(text);
    if (!fields.ok()) return malformed(fields.error().message());
    auto record = read_record(fields.value());
    if (record.ok() || record.error().code() == ErrorCode::DataLoss) return record;
    return malformed(record.error().message());
}

}  // namespace aipress::backup
