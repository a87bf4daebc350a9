// What a query answers.
#pragma once

#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "sql/value.h"

namespace aipress::sql {

using ColumnNames = std::shared_ptr<std::vector<std::string> const>;

class Row {
public:
    Row(ColumnNames columns, std::vector<Value> values)
        : columns_(std::move(columns)), values_(std::move(values)) {}

    [[nodiscard]] std::size_t size() const { return values_.size(); }
    [[nodiscard]] Value const& operator[](std::size_t column) const { return values_[column]; }
    [[nodiscard]] std::string const& column(std::size_t at) const { return (*columns_)[at]; }

    // Every column, in order: TRY(row.into(tenant.name, tenant.shard, tenant.weight)). A field that
    // may be NULL is a std::optional. REQUIRES: as many fields as columns. Errors: DataLoss, naming
    // the column, for a NULL or a type that the field cannot hold.
    template <typename... Fields>
    Result<void> into(Fields&... fields) const {
        ASSERT(sizeof...(Fields) == values_.size());
        std::size_t at = 0;
        Result<void> result;
        // The first failure ends it.
        (void)((result = read(at++, fields), result.ok()) && ...);
        return result;
    }
    // One column. SQLite keeps no booleans and times: whole numbers are read as such. Errors: as
    // above.
    Result<void> read(std::size_t column, std::string& field) const;
    Result<void> read(std::size_t column, std::int64_t& field) const;
    Result<void> read(std::size_t column, bool& field) const;
    Result<void> read(std::size_t column, Bytes& field) const;
    Result<void> read(std::size_t column, double& field) const;
    Result<void> read(std::size_t column, Timestamp& field) const;
    template <typename T>
    Result<void> read(std::size_t column, std::optional<T>& field) const {
        field.reset();
        if (values_[column].is_null()) return {};
        field.emplace();
        return read(column, *field);
    }

private:
    [[nodiscard]] Error mismatch(std::size_t column, Type wanted) const;

    ColumnNames columns_;
    std::vector<Value> values_;
};

using Rows = std::vector<Row>;

}  // namespace aipress::sql
