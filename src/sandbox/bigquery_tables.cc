#include <fmt/format.h>
#include <memory>
#include <regex>

#include "sandbox/bigquery.h"
#include "sandbox/bigquery_rows.h"
#include "sandbox/operations.h"
#include "sandbox/resource_names.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kTableNumbers = "bigquery_table_numbers";
constexpr std::size_t kPage = 50;
constexpr std::size_t kPageMost = 1000;

json::value view(Document const& table) {
    auto body = table.body.as_object();
    body["etag"] = etag_of(table.version);
    body["numRows"] = fmt::format("{}", body.at("rows").to_number<std::uint64_t>());
    auto const bytes = fmt::format("{}", body.at("bytes").to_number<std::uint64_t>());
    for (auto const* const name : {"numBytes", "numActiveLogicalBytes", "numTotalLogicalBytes"}) {
        body[name] = bytes;
    }
    body["numLongTermBytes"] = "0";
    body["numLongTermLogicalBytes"] = "0";
    for (auto const* const internal : {"tableNumber", "rows", "bytes"}) body.erase(internal);
    return body;
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
    return check_table_schema(table_schema(fields));
}

class Tables {
public:
    Tables(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> insert(Call& call);
    Outcome<Reply> get(Call& call);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> change(Call& call, BigqueryChange how);
    Outcome<Reply> remove(Call& call);

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
            return bigquery_duplicate("Table " + table_label(table.name));
        }
        auto const project = segment(table.name, 0);
        auto const dataset_id = segment(table.name, 1);
        auto const now = milliseconds_text(clock_.wall_now());
        auto const number = TRY(next_number(transaction, kTableNumbers));
        json::object body{
            {"kind", "bigquery#table"},
            {"id", table_label(table.name)},
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
    TRY(check_table_schema(table_schema(call.fields())));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto table = TRY(find_table(transaction, call));
        TRY(check_if_match(call, table));
        auto& body = table.body.as_object();
        auto const schema = table_schema(body);
        change_resource(body, call.fields(), how);
        if (!body.contains("schema") && !schema.empty()) body["schema"] = schema;
        TRY(check_schema_change(table_label(table.name), schema, table_schema(body)));
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

}  // namespace

// "p:d.t" of the key "p/d/t".
std::string table_label(std::string_view key) {
    return fmt::format("{}:{}.{}", segment(key, 0), segment(key, 1), segment(key, 2));
}

json::object const& table_schema(json::object const& table) {
    static json::object const none;
    auto const* const schema = table.if_contains("schema");
    return schema == nullptr ? none : schema->as_object();
}

Outcome<Document> find_table(Transaction& transaction, Call const& call) {
    auto const dataset = TRY(find_dataset(transaction, call));
    auto const key = fmt::format("{}/{}", dataset.name, call.path_parameter("tableId"));
    auto found = TRY(transaction.get(kBigqueryTables, key));
    if (!found) return bigquery_not_found("Table " + table_label(key));
    return std::move(*found);
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
}

}  // namespace aipress::sandbox
