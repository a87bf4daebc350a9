// BigQuery v2: datasets, tables and their rows. There is no query engine.
#pragma once

#include "sandbox/projects.h"
#include "sandbox/service.h"

namespace aipress::sandbox {

inline constexpr std::string_view kBigqueryTables = "bigquery_tables";  // by PROJECT/DATASET/TABLE

// What of a body the client may set: the rest is kept. PATCH merges it, PUT replaces it.
enum class BigqueryChange { Patch, Replace };
void change_resource(boost::json::object& body, boost::json::object const& fields,
                     BigqueryChange how);
// Errors: FailedPrecondition (412) when the request's If-Match is not the resource's etag.
[[nodiscard]] Outcome<Done> check_if_match(Call const& call, Document const& document);
[[nodiscard]] ApiError bigquery_not_found(std::string_view what);
[[nodiscard]] ApiError bigquery_duplicate(std::string_view what);
[[nodiscard]] ApiError bigquery_invalid(std::string message);
[[nodiscard]] std::string milliseconds_text(WallTime time);

// "PROJECT/DATASET" by the path of a call, and the dataset. Errors: NotFound.
[[nodiscard]] Outcome<Document> find_dataset(Transaction& transaction, Call const& call);
// "p:d.t" of the key "p/d/t".
[[nodiscard]] std::string table_label(std::string_view key);
// The schema of a table's body; an empty one when it has none.
[[nodiscard]] boost::json::object const& table_schema(boost::json::object const& table);
// The table by the path of a call. Errors: NotFound.
[[nodiscard]] Outcome<Document> find_table(Transaction& transaction, Call const& call);
// With its rows.
[[nodiscard]] Outcome<Done> remove_table(Transaction& transaction, Document const& table);

// All that is passed outlives `methods`.
void serve_bigquery(Methods& methods, Store& store, Clock& clock);
void serve_bigquery_tables(Methods& methods, Store& store, Clock& clock);
void serve_bigquery_table_data(Methods& methods, Store& store);

}  // namespace aipress::sandbox
