#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <set>

#include "sandbox/bigquery.h"
#include "sandbox/bigquery_rows.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kRows = "bigquery_rows";             // by TABLE_NUMBER/ROW
constexpr std::string_view kInsertIds = "bigquery_insert_ids";  // by TABLE_NUMBER/ID
constexpr std::size_t kRowPage = 10'000;
constexpr std::size_t kRemoved = 1000;  // rows at a time

std::uint64_t number_in(json::object const& body, std::string_view name) {
    return body.at(name).to_number<std::uint64_t>();
}

std::string row_prefix(json::object const& table) {
    return fmt::format("{:012}/", number_in(table, "tableNumber"));
}

std::string row_key(json::object const& table, std::uint64_t row) {
    return fmt::format("{}{:012}", row_prefix(table), row);
}

class TableData {
public:
    explicit TableData(Store& store) : store_(store) {}

    Outcome<Reply> insert_rows(Call& call);
    Outcome<Reply> list_rows(Call& call);

private:
    Store& store_;
};

bool is_true(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value != nullptr && value->as_bool();
}

struct NewRow {
    std::string insert_id;
    json::object row = {};
};

struct CheckedRows {
    std::vector<NewRow> rows = {};
    json::array errors = {};  // insertErrors
};

CheckedRows check_rows(json::object const& schema, json::object const& request) {
    auto const unknown =
        is_true(request, "ignoreUnknownValues") ? UnknownValues::Ignore : UnknownValues::Refuse;
    CheckedRows checked;
    std::vector<std::size_t> good;
    std::size_t index = 0;
    for (auto const& value : request.at("rows").as_array()) {
        auto const& given = value.as_object();
        auto const* const row = given.if_contains("json");
        auto one = check_row(schema, row == nullptr ? json::object() : row->as_object(), unknown);
        if (one.errors.empty()) {
            good.push_back(index);
            checked.rows.push_back({text_field(given, "insertId"), std::move(one.row)});
        } else {
            checked.errors.push_back(
                json::object{{"index", index}, {"errors", std::move(one.errors)}});
        }
        ++index;
    }
    if (checked.errors.empty() || is_true(request, "skipInvalidRows")) return checked;
    checked.rows.clear();
    for (auto const stopped : good) {
        json::array const errors{json::object{
            {"reason", "stopped"}, {"location", ""}, {"debugInfo", ""}, {"message", ""}}};
        checked.errors.push_back(json::object{{"index", stopped}, {"errors", errors}});
    }
    return checked;
}

Outcome<Done> add_rows(Transaction& transaction, Document& table, std::vector<NewRow> const& rows) {
    auto& body = table.body.as_object();
    auto count = number_in(body, "rows");
    auto bytes = number_in(body, "bytes");
    for (auto const& [insert_id, row] : rows) {
        if (!insert_id.empty()) {
            auto const id_key = row_prefix(body) + insert_id;
            if (TRY(transaction.get(kInsertIds, id_key))) continue;
            TRY(transaction.insert(kInsertIds, id_key, json::object()));
        }
        TRY(transaction.insert(kRows, row_key(body, count), row));
        ++count;
        bytes += json::serialize(row).size();
    }
    body["rows"] = count;
    body["bytes"] = bytes;
    TRY(transaction.update(kBigqueryTables, table.name, table.version, table.body));
    return Done();
}

Outcome<Reply> TableData::insert_rows(Call& call) {
    auto const& fields = call.fields();
    auto const* const rows = fields.if_contains("rows");
    if (rows == nullptr || rows->as_array().empty()) {
        return bigquery_invalid("No rows present in the request.");
    }
    if (rows->as_array().size() > limits::kRowsOfInsert) {
        return bigquery_invalid(
            fmt::format("Too many rows present in the request, limit: {} row "
                        "count: {}.",
                        limits::kRowsOfInsert, rows->as_array().size()));
    }
    if (!text_field(fields, "templateSuffix").empty()) {
        return bigquery_invalid("Template tables are not served here.");
    }
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto table = TRY(find_table(transaction, call));
        auto const& schema = table_schema(table.body.as_object());
        if (schema.empty()) return bigquery_invalid("The destination table has no schema.");
        auto checked = check_rows(schema, fields);
        TRY(add_rows(transaction, table, checked.rows));
        json::object result{{"kind", "bigquery#tableDataInsertAllResponse"}};
        if (!checked.errors.empty()) result["insertErrors"] = std::move(checked.errors);
        return reply(std::move(result));
    });
}

// The schema with only the columns that are asked for, "a,b"; the whole of it for "".
Outcome<json::object> selected(json::object const& schema, std::string const& names) {
    if (names.empty()) return schema;
    std::set<std::string, std::less<>> wanted;
    for (std::string_view rest = names; !rest.empty();) {
        auto const comma = std::min(rest.find(','), rest.size());
        wanted.emplace(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    json::array fields;
    if (auto const* const all = schema.if_contains("fields")) {
        for (auto const& field : all->as_array()) {
            if (wanted.erase(text_field(field.as_object(), "name")) != 0) fields.push_back(field);
        }
    }
    if (!wanted.empty()) {
        return bigquery_invalid(
            fmt::format("Field {} is not a column of the table.", *wanted.begin()));
    }
    return json::object{{"fields", std::move(fields)}};
}

Outcome<std::uint64_t> first_row(Call const& call) {
    auto text = TRY(page_start(call.query("pageToken")));
    if (text.empty()) text = call.query("startIndex");
    std::uint64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    bool const is_number = failure == std::errc() && end == text.data() + text.size();
    if (!text.empty() && !is_number) {
        return bigquery_invalid(fmt::format("Invalid value '{}' for where rows begin.", text));
    }
    return number;
}

Outcome<Reply> TableData::list_rows(Call& call) {
    auto const most = TRY(call.page_size("maxResults", kRowPage, kRowPage));
    auto const first = TRY(first_row(call));
    auto const timestamps = call.flag("formatOptions.useInt64Timestamp")
                                ? TimestampFormat::Microseconds
                                : TimestampFormat::Seconds;
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const table = TRY(find_table(transaction, call));
        auto const& body = table.body.as_object();
        auto const schema = TRY(selected(table_schema(body), call.query("selectedFields")));
        auto const total = number_in(body, "rows");
        auto const page =
            TRY(transaction.list(kRows, row_prefix(body), row_key(body, first), most));
        json::array rows;
        for (auto const& row : page.documents) {
            rows.push_back(shown_row(schema, row.body.as_object(), timestamps));
        }
        json::object result{{"kind", "bigquery#tableDataList"},
                            {"etag", etag_of(table.version)},
                            {"totalRows", fmt::format("{}", total)}};
        if (auto const next = first + rows.size(); !rows.empty() && next < total) {
            result["pageToken"] = page_token(fmt::format("{}", next));
        }
        if (!rows.empty()) result["rows"] = std::move(rows);
        return reply(std::move(result));
    });
}

}  // namespace

Outcome<Done> remove_table(Transaction& transaction, Document const& table) {
    auto const prefix = row_prefix(table.body.as_object());
    for (auto const collection : {kRows, kInsertIds}) {
        while (true) {
            auto const page = TRY(transaction.list(collection, prefix, "", kRemoved));
            if (page.documents.empty()) break;
            for (auto const& row : page.documents) TRY(transaction.remove(collection, row.name));
        }
    }
    TRY(transaction.remove(kBigqueryTables, table.name));
    return Done();
}

void serve_bigquery_table_data(Methods& methods, Store& store) {
    auto const data = std::make_shared<TableData>(store);
    methods.serve("bigquery.tabledata.insertAll", "v2",
                  [=](Call& call) { return data->insert_rows(call); });
    methods.serve("bigquery.tabledata.list", "v2",
                  [=](Call& call) { return data->list_rows(call); });
}

}  // namespace aipress::sandbox
