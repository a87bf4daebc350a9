#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <fmt/format.h>
#include <memory>
#include <regex>
#include <set>

#include "sandbox/bigquery.h"
#include "sandbox/bigquery_rows.h"
#include "sandbox/limits.h"
#include "sandbox/operations.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kRows = "bigquery_rows";             // by TABLE_NUMBER/ROW
constexpr std::string_view kInsertIds = "bigquery_insert_ids";  // by TABLE_NUMBER/ID
constexpr std::string_view kTableNumbers = "bigquery_table_numbers";
constexpr std::size_t kPage = 50;
constexpr std::size_t kPageMost = 1000;
constexpr std::size_t kRowPage = 10'000;

// "p:d.t" of the key "p/d/t".
std::string label_of(std::string_view key) {
    return fmt::format("{}:{}.{}", segment(key, 0), segment(key, 1), segment(key, 2));
}

std::uint64_t number_in(json::object const& body, std::string_view name) {
    return body.at(name).to_number<std::uint64_t>();
}

std::string row_prefix(json::object const& table) {
    return fmt::format("{:012}/", number_in(table, "tableNumber"));
}

std::string row_key(json::object const& table, std::uint64_t row) {
    return fmt::format("{}{:012}", row_prefix(table), row);
}

json::value view(Document const& table) {
    auto body = table.body.as_object();
    body["etag"] = etag_of(table.version);
    body["numRows"] = fmt::format("{}", number_in(body, "rows"));
    auto const bytes = fmt::format("{}", number_in(body, "bytes"));
    for (auto const* const name : {"numBytes", "numActiveLogicalBytes", "numTotalLogicalBytes"}) {
        body[name] = bytes;
    }
    body["numLongTermBytes"] = "0";
    body["numLongTermLogicalBytes"] = "0";
    for (auto const* const internal : {"tableNumber", "rows", "bytes"}) body.erase(internal);
    return body;
}

json::object const& schema_of(json::object const& table) {
    static json::object const none;
    auto const* const schema = table.if_contains("schema");
    return schema == nullptr ? none : schema->as_object();
}

Outcome<Document> find_table(Transaction& transaction, Call const& call) {
    auto const dataset = TRY(find_dataset(transaction, call));
    auto const key = fmt::format("{}/{}", dataset.name, call.path_parameter("tableId"));
    auto found = TRY(transaction.get(kBigqueryTables, key));
    if (!found) return bigquery_not_found("Table " + label_of(key));
    return std::move(*found);
}

Outcome<Done> check_new_table(json::object const& fields, std::string const& id) {
    static std::regex const pattern("[-a-zA-Z0-9_]{1,1024}");
    if (!std::regex_match(id, pattern)) {
        return bigquery_invalid(fmt::format("Invalid table ID \"{}\".", id));
    }
    for (auto const* const name : {"view", "materializedView", "externalDataConfiguration",
                                   "snapshotDefinition", "cloneDefinition"}) {
        if (fields.contains(name)) {
            return bigquery_invalid(
                fmt::format("Only tables that hold their rows are served here: no {}.", name));
        }
    }
    return check_table_schema(schema_of(fields));
}

class Tables {
public:
    Tables(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> insert(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> change(Call& call, BigqueryChange how);
    Outcome<Reply> remove(Call& call);
    Outcome<Reply> insert_rows(Call& call);
    Outcome<Reply> list_rows(Call& call);

private:
    Store& store_;
    Clock& clock_;
};

Outcome<Reply> Tables::insert(Call& call) {
    auto const* const reference = call.fields().if_contains("tableReference");
    auto const id = reference == nullptr ? "" : text_field(reference->as_object(), "tableId");
    TRY(check_new_table(call.fields(), id));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const dataset = TRY(find_dataset(transaction, call));
        Document table{.name = fmt::format("{}/{}", dataset.name, id)};
        if (TRY(transaction.get(kBigqueryTables, table.name))) {
            return bigquery_duplicate("Table " + label_of(table.name));
        }
        auto const project = segment(table.name, 0);
        auto const dataset_id = segment(table.name, 1);
        auto const now = milliseconds_text(clock_.wall_now());
        auto const number = TRY(next_number(transaction, kTableNumbers));
        json::object body{
            {"kind", "bigquery#table"},
            {"id", label_of(table.name)},
            {"selfLink", fmt::format("https://bigquery.googleapis.com/bigquery/v2/projects/{}/"
                                     "datasets/{}/tables/{}",
                                     project, dataset_id, id)},
            {"tableReference",
             json::object{{"projectId", project}, {"datasetId", dataset_id}, {"tableId", id}}},
            {"type", "TABLE"},
            {"location", dataset.body.at("location")},
            {"creationTime", now},
            {"lastModifiedTime", now},
            {"tableNumber", number},
            {"rows", 0},
            {"bytes", 0}};
        change_resource(body, call.fields(), BigqueryChange::Patch);
        table.body = std::move(body);
        table.version = TRY(transaction.insert(kBigqueryTables, table.name, table.body));
        return reply(view(table));
    });
}

Outcome<Reply> Tables::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        return reply(view(TRY(find_table(transaction, call))));
    });
}

Outcome<Reply> Tables::list(Call& call) {
    auto const most = TRY(call.page_size("maxResults", kPage, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const dataset = TRY(find_dataset(transaction, call));
        auto const page = TRY(transaction.list(kBigqueryTables, dataset.name + "/", start, most));
        json::array tables;
        for (auto const& document : page.documents) {
            auto const& body = document.body.as_object();
            json::object shown;
            for (auto const* const name :
                 {"kind", "id", "tableReference", "friendlyName", "type", "labels", "creationTime",
                  "expirationTime", "timePartitioning", "rangePartitioning", "clustering",
                  "requirePartitionFilter"}) {
                if (auto const* const value = body.if_contains(name)) shown[name] = *value;
            }
            tables.push_back(std::move(shown));
        }
        json::object result{{"kind", "bigquery#tableList"},
                            {"etag", etag_of(dataset.version)},
                            {"totalItems", tables.size()}};
        if (!tables.empty()) result["tables"] = std::move(tables);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Tables::change(Call& call, BigqueryChange how) {
    TRY(check_table_schema(schema_of(call.fields())));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto table = TRY(find_table(transaction, call));
        TRY(check_if_match(call, table));
        auto& body = table.body.as_object();
        auto const schema = schema_of(body);
        change_resource(body, call.fields(), how);
        if (!body.contains("schema") && !schema.empty()) body["schema"] = schema;
        TRY(check_schema_change(label_of(table.name), schema, schema_of(body)));
        body["lastModifiedTime"] = milliseconds_text(clock_.wall_now());
        table.version =
            TRY(transaction.update(kBigqueryTables, table.name, table.version, table.body));
        return reply(view(table));
    });
}

Outcome<Reply> Tables::remove(Call& call) {
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        TRY(remove_table(transaction, TRY(find_table(transaction, call))));
        http::Response response;
        response.status = 204;
        return Reply(std::move(response));
    });
}

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

Outcome<Reply> Tables::insert_rows(Call& call) {
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
        auto const& schema = schema_of(table.body.as_object());
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

Outcome<Reply> Tables::list_rows(Call& call) {
    auto const most = TRY(call.page_size("maxResults", kRowPage, kRowPage));
    auto const first = TRY(first_row(call));
    auto const timestamps = call.query("formatOptions.useInt64Timestamp") == "true"
                                ? TimestampFormat::Microseconds
                                : TimestampFormat::Seconds;
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const table = TRY(find_table(transaction, call));
        auto const& body = table.body.as_object();
        auto const schema = TRY(selected(schema_of(body), call.query("selectedFields")));
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
            auto const page = TRY(transaction.list(collection, prefix, "", kPageMost));
            if (page.documents.empty()) break;
            for (auto const& row : page.documents) TRY(transaction.remove(collection, row.name));
        }
    }
    TRY(transaction.remove(kBigqueryTables, table.name));
    return Done();
}

void serve_bigquery_tables(Methods& methods, Store& store, Clock& clock) {
    auto const tables = std::make_shared<Tables>(store, clock);
    auto const serve = [&](std::string_view id, MethodHandler const& handler) {
        methods.serve(fmt::format("bigquery.{}", id), "v2", handler);
    };
    serve("tables.insert", [=](Call& call) { return tables->insert(call); });
    serve("tables.get", [=](Call& call) { return tables->get(call); });
    serve("tables.list", [=](Call& call) { return tables->list(call); });
    serve("tables.patch", [=](Call& call) { return tables->change(call, BigqueryChange::Patch); });
    serve("tables.update",
          [=](Call& call) { return tables->change(call, BigqueryChange::Replace); });
    serve("tables.delete", [=](Call& call) { return tables->remove(call); });
    serve("tabledata.insertAll", [=](Call& call) { return tables->insert_rows(call); });
    serve("tabledata.list", [=](Call& call) { return tables->list_rows(call); });
}

}  // namespace aipress::sandbox
