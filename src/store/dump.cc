#include "store/dump.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/sha256.h"
#include "sql/schema.h"
#include "store/dump_format.h"
#include "store/row_json.h"
#include "store/schema.h"

namespace aipress::store {
namespace {

namespace json = boost::json;

// Cloud Spanner answers with 10 MB at a time at most: some 40 kB a row.
constexpr std::int64_t kPageRows = 250;

// Behind the last key: "WHERE a > $1 OR (a = $1 AND b > $2)".
std::string behind(TableShape const& shape) {
    auto const& columns = shape.columns;
    if (shape.keys == 1) return fmt::format("WHERE {} > $1", columns[0].name);
    ASSERT(shape.keys == 2);
    return fmt::format("WHERE {0} > $1 OR ({0} = $1 AND {1} > $2)", columns[0].name,
                       columns[1].name);
}

std::string names_of(TableShape const& shape, std::size_t count) {
    std::string names;
    for (std::size_t i = 0; i < count; ++i) {
        names += (i == 0 ? "" : ", ") + shape.columns[i].name;
    }
    return names;
}

using RowVisitor = std::function<Result<void>(sql::Row const&)>;

Result<void> for_each_row(sql::Transaction& transaction, TableShape const& shape,
                          RowVisitor const& visit) {
    auto const all = names_of(shape, shape.columns.size());
    auto const key = names_of(shape, shape.keys);
    sql::Parameters last;
    for (;;) {
        auto const sql = fmt::format("SELECT {} FROM {} {} ORDER BY {} LIMIT {}", all, shape.name,
                                     last.empty() ? "" : behind(shape), key, kPageRows);
        auto const rows = TRY(transaction.query(sql, last));
        for (auto const& row : rows) TRY(visit(row));
        if (rows.size() < static_cast<std::size_t>(kPageRows)) return {};
        last.clear();
        for (std::size_t i = 0; i < shape.keys; ++i) last.push_back(rows.back()[i]);
    }
}

// A dump's lines, counted and summed up.
class Writer {
public:
    explicit Writer(LineSink const& sink) : sink_(sink) {}

    Result<void> write(json::object const& line) {
        auto const text = json::serialize(line) + "\n";
        sum_.add(text);
        return sink_(text);
    }
    Result<DumpSummary> finish(std::uint64_t rows) {
        DumpSummary summary{.rows = rows, .sha256 = sum_.hex()};
        json::object const end{{"rows", rows}, {"sha256", summary.sha256}};
        TRY(sink_(json::serialize(end) + "\n"));
        return summary;
    }

private:
    LineSink const& sink_;
    Sha256 sum_;
};

}  // namespace

Result<DumpSummary> dump_tables(Context const& context, sql::Database& database,
                                std::vector<TableShape> const& shapes, LineSink const& sink) {
    // A read runs again where a connection broke: its lines would come twice.
    bool is_begun = false;
    return database.read(context, [&](sql::Transaction& transaction) -> Result<DumpSummary> {
        if (is_begun) {
            return Error(ErrorCode::Unavailable,
                         "the connection to the store broke during the dump: dump again");
        }
        Writer writer(sink);
        std::uint64_t count = 0;
        for (auto const& shape : shapes) {
            TRY(for_each_row(transaction, shape, [&](sql::Row const& row) -> Result<void> {
                if (!is_begun) TRY(writer.write(dump_header()));
                is_begun = true;
                ++count;
                auto fields = TRY(row_to_json(shape, row));
                return writer.write({{"table", shape.name}, {"row", std::move(fields)}});
            }));
        }
        if (!is_begun) TRY(writer.write(dump_header()));
        is_begun = true;
        return writer.finish(count);
    });
}

Result<DumpSummary> dump(Context const& context, sql::Database& database, LineSink const& sink) {
    auto const state = TRY(sql::schema_state(context, database, migrations()));
    if (state.version != state.wanted) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the store's schema has version {}, this program's is {}: run "
                                 "aipress store migrate",
                                 state.version, state.wanted));
    }
    if (TRY(has_unfinished_load(context, database))) {
        return Error(ErrorCode::FailedPrecondition,
                     "a load into this store was not finished: run it again first");
    }
    return dump_tables(context, database, table_shapes(), sink);
}

Result<std::vector<std::pair<std::string, std::int64_t>>> count_rows(Context const& context,
                                                                     sql::Database& database) {
    using Counts = std::vector<std::pair<std::string, std::int64_t>>;
    return database.read(context, [](sql::Transaction& transaction) -> Result<Counts> {
        Counts counts;
        for (auto const& shape : table_shapes()) {
            auto const row =
                TRY(transaction.query_one(fmt::format("SELECT count(*) FROM {}", shape.name)));
            std::int64_t count = 0;
            TRY(row->into(count));
            counts.emplace_back(shape.name, count);
        }
        return counts;
    });
}

}  // namespace aipress::store
