// Rows by multi-row INSERT statements of about a megabyte.
#pragma once

#include <concepts>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::poc {

// Sent as it is: NULL, NOW(), 1.5.
struct Sql {
    std::string_view text;
};

// Where statements go, without their semicolon: to a server, or into a dump.
using StatementSink = std::function<Result<void>(std::string_view)>;

// Not thread safe; the sink outlives it. flush() before it goes.
class BulkInsert {
public:
    BulkInsert(StatementSink const& sink, std::string_view into)
        : sink_(sink), head_(fmt::format("INSERT INTO {} VALUES ", into)) {}

    // Numbers, Sql, or text (quoted).
    template <typename... Values>
    Result<void> row(Values const&... values) {
        statement_ += statement_.empty() ? head_ + "(" : ",\n(";
        bool first = true;
        ((statement_ += first ? "" : ",", first = false, append(values)), ...);
        statement_ += ')';
        return statement_.size() < kStatementBytes ? Result<void>() : flush();
    }

    Result<void> flush() {
        if (statement_.empty()) return {};
        TRY(sink_(statement_).in_context(head_));
        statement_.clear();
        return {};
    }

private:
    static constexpr std::size_t kStatementBytes = 1u << 20;

    void append(std::integral auto value) {
        fmt::format_to(std::back_inserter(statement_), "{}", value);
    }
    void append(Sql value) { statement_ += value.text; }
    void append(std::string_view value) { mysql::append_quoted(statement_, value); }

    StatementSink const& sink_;
    std::string head_;
    std::string statement_;
};

}  // namespace aipress::poc
