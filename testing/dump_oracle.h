// The independent reader: whether two databases hold the same, as mariadb-dump and the mariadb
// client see it. It shares no line with the product.
//
// Rows are compared as sorted lines of a dump in binary, so their order and the engine do not
// matter and every byte does. FLOAT columns are read a second time as DOUBLE, because the text of
// a FLOAT has six digits and loses bits, and ENUM and SET by their number, because the invalid
// value 0 and a member '' look alike.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/endpoint.h"

namespace aipress::testing {

enum class OracleScope {
    Rows,
    // Also tables, views and routines, but for ENGINE and AUTO_INCREMENT. Not triggers and events:
    // only the side that serves has them.
    RowsAndSchema,
    // Rows, by SELECT of every column's bytes alone: mariadb-dump cannot read MySQL 5.6.
    RowsBySelect,
};

// Everything of a database, a line each, sorted.
struct DatabaseImage {
    std::vector<std::string> lines;
    std::size_t rows = 0;
};

struct OracleVerdict {
    std::size_t rows = 0;                  // on the first side
    std::vector<std::string> only_first;   // each shortened, at most kShownLines
    std::vector<std::string> only_second;  //
    std::size_t differing_lines = 0;       // all of them

    [[nodiscard]] bool equal() const { return differing_lines == 0; }
    [[nodiscard]] std::string describe() const;
};

inline constexpr std::size_t kShownLines = 10;

// Reads one database. Nobody may write to it meanwhile. Errors: NotFound (no such database or no
// mariadb-dump), Internal with what the client said.
[[nodiscard]] Result<DatabaseImage> read_image(Context const& context,
                                               mysql::Endpoint const& database, OracleScope scope);

[[nodiscard]] OracleVerdict compare_images(DatabaseImage const& first, DatabaseImage const& second);

// Both steps.
[[nodiscard]] Result<OracleVerdict> compare_databases(Context const& context,
                                                      mysql::Endpoint const& first,
                                                      mysql::Endpoint const& second,
                                                      OracleScope scope);

}  // namespace aipress::testing
