// A repository of one kind of record, inside a transaction:
//
//     Table<Shard> shards(transaction);
//     auto shard = TRY(shards.get("aipress-shard-001"));
//     shard.state = fleet::ShardState::Cordoned;
//     shard = TRY(shards.update(shard));
#pragma once

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sql/limits.h"
#include "sql/transaction.h"
#include "store/tables.h"

namespace aipress::store {

// How a field goes into a statement and comes out of a row: what sql:: knows as it is, enums by
// their names.
template <typename Field>
[[nodiscard]] sql::Value to_value(Field const& field) {
    if constexpr (std::is_enum_v<Field>) {
        return {std::string(to_string(field))};
    } else {
        return {field};
    }
}
[[nodiscard]] inline bool parse_field(std::string_view text, ProjectRole& field) {
    auto const known = project_role_of(text);
    return known && (field = *known, true);
}
[[nodiscard]] inline bool parse_field(std::string_view text, fleet::ShardState& field) {
    auto const known = fleet::shard_state_of(text);
    return known && (field = *known, true);
}
[[nodiscard]] inline bool parse_field(std::string_view text, TenantState& field) {
    auto const known = tenant_state_of(text);
    return known && (field = *known, true);
}
[[nodiscard]] inline bool parse_field(std::string_view text, RouteState& field) {
    auto const known = route_state_of(text);
    return known && (field = *known, true);
}
template <typename Field>
Result<void> read_field(sql::Row const& row, std::size_t column, Field& field) {
    if constexpr (std::is_enum_v<Field>) {
        std::string text;
        TRY(row.read(column, text));
        if (parse_field(text, field)) return {};
        return Error(ErrorCode::DataLoss, fmt::format("column {} of the store: '{}' is no state",
                                                      row.column(column), text));
    } else {
        return row.read(column, field);
    }
}

// "a, b, c" of columns; "$1, $2, $3"; "a = $1 AND b = $2". Internal to this file.
[[nodiscard]] std::string joined(std::string_view const* columns, std::size_t count);
[[nodiscard]] std::string numbered(std::size_t count);
[[nodiscard]] std::string conditions(std::string_view const* columns, std::size_t count);
// "($1, $2), ($3, $4)".
[[nodiscard]] std::string numbered_rows(std::size_t columns, std::size_t rows);
[[nodiscard]] std::string assignments(std::string_view const* columns, std::size_t from,
                                      std::size_t count);

// Errors are those of sql::Transaction, and what is said. Not thread safe.
template <typename Record>
class Table {
public:
    using Spec = TableOf<Record>;
    static constexpr std::size_t kColumns = Spec::kColumns.size();

    explicit Table(sql::Transaction& transaction) : transaction_(transaction) {}

    template <typename... Keys>
    [[nodiscard]] Result<std::optional<Record>> find(Keys const&... keys) {
        static_assert(sizeof...(Keys) == Spec::kKeys);
        static std::string const sql =
            select_text() + " WHERE " + conditions(Spec::kColumns.data(), Spec::kKeys);
        auto const row = TRY(transaction_.query_one(sql, {sql::Value(keys)...}));
        if (!row) return std::optional<Record>();
        return std::optional<Record>(TRY(read(*row)));
    }
    // Errors: NotFound.
    template <typename... Keys>
    [[nodiscard]] Result<Record> get(Keys const&... keys) {
        auto found = TRY(find(keys...));
        if (found) return std::move(*found);
        std::string name(Spec::kName);
        ((name += fmt::format("/{}", keys)), ...);
        return Error(ErrorCode::NotFound, fmt::format("{} is not in the store", name));
    }
    // Those that `rest` says: "WHERE shard = $1 ORDER BY id LIMIT $2".
    [[nodiscard]] Result<std::vector<Record>> select(std::string_view rest,
                                                     sql::Parameters const& parameters) {
        auto const rows =
            TRY(transaction_.query(fmt::format("{} {}", select_text(), rest), parameters));
        std::vector<Record> records;
        records.reserve(rows.size());
        for (auto const& row : rows) records.push_back(TRY(read(row)));
        return records;
    }
    // In the order of their keys, behind `after`, at most `most`. For tables whose key is a text.
    [[nodiscard]] Result<std::vector<Record>> list(std::string const& after, std::size_t most) {
        static_assert(Spec::kKeys == 1);
        static std::string const rest =
            fmt::format("WHERE {0} > $1 ORDER BY {0} LIMIT $2", Spec::kColumns[0]);
        return select(rest, {after, static_cast<std::int64_t>(most)});
    }
    // Errors: AlreadyExists; the transaction is lost then.
    Result<void> insert(Record const& record) {
        TRY(transaction_.execute(insert_text(), parameters(record)));
        return {};
    }
    Result<void> insert_all(std::vector<Record> const& records) {
        // Many rows a statement: Cloud Spanner's time goes by statements.
        constexpr std::size_t kRows = sql::limits::kParametersMost / kColumns;
        std::vector<sql::Statement> statements;
        for (std::size_t from = 0; from < records.size(); from += kRows) {
            auto const to = std::min(from + kRows, records.size());
            sql::Parameters all;
            for (auto i = from; i < to; ++i) {
                auto one = parameters(records[i]);
                std::move(one.begin(), one.end(), std::back_inserter(all));
            }
            statements.push_back({fmt::format("INSERT INTO {} ({}) VALUES {}", Spec::kName,
                                              joined(Spec::kColumns.data(), kColumns),
                                              numbered_rows(kColumns, to - from)),
                                  std::move(all)});
        }
        TRY(transaction_.execute_all(statements));
        return {};
    }
    // False: one with this key was there already, and stays as it is.
    Result<bool> insert_new(Record const& record) {
        static std::string const sql = fmt::format("{} ON CONFLICT ({}) DO NOTHING", insert_text(),
                                                   joined(Spec::kColumns.data(), Spec::kKeys));
        return TRY(transaction_.execute(sql, parameters(record))) == 1;
    }
    // Compare and set: `record.version` is that of the row that it was made from. As it is now, one
    // version further. Errors: Aborted when the row has another version or is gone; the transaction
    // goes on.
    [[nodiscard]] Result<Record> update(Record record) {
        static_assert(Spec::kColumns[kColumns - 1] == "version", "the last column is the version");
        static std::string const sql =
            fmt::format("UPDATE {} SET {}, version = version + 1 WHERE {} AND version = ${}",
                        Spec::kName, assignments(Spec::kColumns.data(), Spec::kKeys, kColumns - 1),
                        conditions(Spec::kColumns.data(), Spec::kKeys), kColumns);
        auto const changed = TRY(transaction_.execute(sql, parameters(record)));
        if (changed != 1) {
            return Error(ErrorCode::Aborted,
                         fmt::format("{}/{} was changed meanwhile: read it again", Spec::kName,
                                     std::get<0>(Spec::fields(record))));
        }
        ++record.version;
        return record;
    }

    [[nodiscard]] static Result<Record> read(sql::Row const& row) {
        Record record;
        std::size_t at = 0;
        Result<void> result;
        std::apply(
            [&](auto&... fields) {
                (void)((result = read_field(row, at++, fields), result.ok()) && ...);
            },
            Spec::fields(record));
        if (!result.ok()) return result.error();
        return record;
    }

private:
    static std::string const& select_text() {
        static std::string const sql =
            fmt::format("SELECT {} FROM {}", joined(Spec::kColumns.data(), kColumns), Spec::kName);
        return sql;
    }
    static std::string const& insert_text() {
        static std::string const sql =
            fmt::format("INSERT INTO {} ({}) VALUES ({})", Spec::kName,
                        joined(Spec::kColumns.data(), kColumns), numbered(kColumns));
        return sql;
    }
    static sql::Parameters parameters(Record const& record) {
        return std::apply(
            [](auto const&... fields) { return sql::Parameters{to_value(fields)...}; },
            Spec::fields(record));
    }

    sql::Transaction& transaction_;
};

}  // namespace aipress::store
