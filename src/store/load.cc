#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

#include "base/sha256.h"
#include "json/fields.h"
#include "sql/schema.h"
#include "store/dump.h"
#include "store/dump_format.h"
#include "store/row_json.h"
#include "store/store.h"

namespace aipress::store {
namespace {

constexpr std::size_t kRowsATransaction = 500;
constexpr std::string_view kLoadKind = "store.load";

Error damaged(std::size_t line, std::string_view what) {
    return {ErrorCode::DataLoss, fmt::format("the dump, line {}: {}", line, what)};
}

// Once through the file; `visit` gets every row's line. The end says whether all of it is there.
using LineVisitor = std::function<Result<void>(boost::json::object const& line)>;
Result<DumpSummary> read_dump(std::filesystem::path const& file, LineVisitor const& visit) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return Error(ErrorCode::InvalidArgument, fmt::format("{} cannot be read", file.string()));
    }
    Sha256 sum;
    DumpSummary summary;
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) {
        auto line = aipress::json::parse_object(text);
        if (!line.ok()) return damaged(number, line.error().message());
        if (line->contains("sha256")) {
            summary.sha256 = sum.hex();
            auto const rows = TRY(aipress::json::get_integer(*line, "rows"));
            bool const is_whole =
                TRY(aipress::json::get_string(*line, "sha256")) == summary.sha256 &&
                rows == static_cast<std::int64_t>(summary.rows);
            if (!is_whole) return damaged(number, "its checksum is another: it was changed");
            if (std::getline(in, text)) return damaged(number + 1, "nothing may follow the end");
            return summary;
        }
        sum.add(text + "\n");
        if (number == 1) {
            if (*line == dump_header()) continue;
            if (!line->contains(kDumpFormat)) return damaged(number, "it is no dump of a store");
            return Error(ErrorCode::FailedPrecondition,
                         "the dump is of another version of the schema: load it with the program "
                         "that made it, then run this one's aipress store migrate");
        }
        ++summary.rows;
        TRY(visit(*line).in_context(fmt::format("the dump, line {}", number)));
    }
    return Error(ErrorCode::DataLoss,
                 fmt::format("{} is cut off: its last line is missing", file.string()));
}

// Rows of one table, that one statement writes: Cloud Spanner's time goes by statements.
struct RowBatch {
    TableShape const* shape = nullptr;
    sql::Parameters parameters = {};

    [[nodiscard]] std::size_t rows() const { return parameters.size() / shape->columns.size(); }
    [[nodiscard]] bool has_room() const {
        return parameters.size() + shape->columns.size() <= sql::limits::kParametersMost;
    }
    // A row that is there already was loaded before a kill or a lost answer.
    [[nodiscard]] sql::Statement statement() const {
        std::string columns;
        std::string keys;
        for (std::size_t i = 0; i < shape->columns.size(); ++i) {
            auto const* const comma = i == 0 ? "" : ", ";
            columns += comma + shape->columns[i].name;
            if (i < shape->keys) keys += comma + shape->columns[i].name;
        }
        return {
            fmt::format("INSERT INTO {} ({}) VALUES {} ON CONFLICT ({}) DO NOTHING", shape->name,
                        columns, numbered_rows(shape->columns.size(), rows()), keys),
            parameters};
    }
};

struct ParsedRow {
    TableShape const* shape = nullptr;
    sql::Parameters parameters = {};
};

Result<ParsedRow> parse_row(std::vector<TableShape> const& shapes,
                            boost::json::object const& line) {
    auto const name = TRY(aipress::json::get_string(line, "table"));
    auto const shape = std::find_if(shapes.begin(), shapes.end(),
                                    [&](TableShape const& known) { return known.name == name; });
    auto const* const row = line.if_contains("row");
    if (shape == shapes.end() || row == nullptr || !row->is_object()) {
        return Error(ErrorCode::DataLoss, fmt::format("'{}' is no table of the store", name));
    }
    auto parameters = TRY(row_from_json(*shape, row->get_object()));
    return ParsedRow{&*shape, std::move(parameters)};
}

// Rows that wait to be written together.
class Loader {
public:
    Loader(Context const& context, sql::Database& database, std::vector<TableShape> const& shapes)
        : context_(context), database_(database), shapes_(shapes) {}

    Result<void> add(boost::json::object const& line) {
        auto row = TRY(parse_row(shapes_, line));
        bool const fits =
            !waiting_.empty() && waiting_.back().shape == row.shape && waiting_.back().has_room();
        if (!fits) waiting_.push_back({.shape = row.shape});
        auto& all = waiting_.back().parameters;
        std::move(row.parameters.begin(), row.parameters.end(), std::back_inserter(all));
        return ++rows_ < kRowsATransaction ? Result<void>() : flush();
    }
    Result<void> flush() {
        if (waiting_.empty()) return {};
        std::vector<sql::Statement> statements;
        for (auto const& batch : waiting_) statements.push_back(batch.statement());
        TRY(database_.transact(
            context_,
            [&](sql::Transaction& transaction) { return transaction.execute_all(statements); },
            sql::AfterLostCommit::RunAgain));
        waiting_.clear();
        rows_ = 0;
        return {};
    }

private:
    Context const& context_;
    sql::Database& database_;
    std::vector<TableShape> const& shapes_;
    std::vector<RowBatch> waiting_;
    std::size_t rows_ = 0;
};

// A load under way is a row of operations: only the same one carries on.
Result<void> begin_load(Context const& context, sql::Database& database,
                        DumpSummary const& summary) {
    return database.transact(
        context,
        [&](sql::Transaction& transaction) -> Result<void> {
            Table<Operation> operations(transaction);
            auto const id = "load-" + summary.sha256;
            if (TRY(operations.find(id))) return {};
            for (auto const& shape : table_shapes()) {
                auto const rows =
                    TRY(transaction.query(fmt::format("SELECT 1 FROM {} LIMIT 1", shape.name)));
                if (rows.empty()) continue;
                return Error(ErrorCode::FailedPrecondition,
                             fmt::format("the store is not empty ({} has rows), or another load "
                                         "into it was not finished: load into a new one",
                                         shape.name));
            }
            return operations.insert(
                {.id = id, .kind = std::string(kLoadKind), .at = now(transaction)});
        },
        sql::AfterLostCommit::RunAgain);
}

Result<void> end_load(Context const& context, sql::Database& database, DumpSummary const& summary) {
    return database.transact(
        context,
        [&](sql::Transaction& transaction) -> Result<void> {
            TRY(transaction.execute("DELETE FROM operations WHERE id = $1 AND kind = $2",
                                    {"load-" + summary.sha256, kLoadKind}));
            return {};
        },
        sql::AfterLostCommit::RunAgain);
}

}  // namespace

Result<bool> has_unfinished_load(Context const& context, sql::Database& database) {
    return database.read(context, [](sql::Transaction& transaction) -> Result<bool> {
        auto const rows = TRY(transaction.query(
            "SELECT 1 FROM operations WHERE kind = $1 AND id >= $2 AND id < $3 LIMIT 1",
            {kLoadKind, "load-", "load."}));
        return !rows.empty();
    });
}

Result<DumpSummary> load_tables(Context const& context, sql::Database& database,
                                std::vector<TableShape> const& shapes,
                                std::filesystem::path const& file) {
    Loader loader(context, database, shapes);
    auto const summary =
        TRY(read_dump(file, [&](boost::json::object const& line) { return loader.add(line); }));
    TRY(loader.flush());
    return summary;
}

Result<DumpSummary> load(Context const& context, sql::Database& database,
                         std::filesystem::path const& file) {
    auto const expected = TRY(read_dump(file, [](boost::json::object const& line) -> Result<void> {
        TRY(parse_row(table_shapes(), line));
        return {};
    }));
    TRY(sql::migrate(context, database, migrations()));
    TRY(begin_load(context, database, expected));
    TRY(load_tables(context, database, table_shapes(), file));
    TRY(end_load(context, database, expected));
    auto const loaded = TRY(dump_tables(context, database, table_shapes(),
                                        [](std::string_view) { return Result<void>(); }));
    if (loaded.sha256 != expected.sha256) {
        return Error(ErrorCode::DataLoss,
                     "what was loaded is not what the dump has: load into a new store");
    }
    return loaded;
}

}  // namespace aipress::store
