#include "testing/dump_oracle.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>

#include "base/subprocess.h"
#include "testing/temporary_directory.h"

namespace aipress::testing {

namespace {

constexpr std::size_t kShownBytes = 160;

class Client {
public:
    static Result<Client> make(Context const& context, mysql::Endpoint const& database) {
        auto folder = TRY(TemporaryDirectory::make());
        return Client(context, database, std::move(folder));
    }

    // The output's lines.
    [[nodiscard]] Result<std::vector<std::string>> run(std::string const& program,
                                                       std::vector<std::string> arguments) const {
        auto const file = folder_ / "output";
        ProcessOptions options{
            .arguments = {program, "--no-defaults", "--host=" + database_.host,
                          "--port=" + std::to_string(database_.port), "--user=" + database_.user,
                          "--protocol=tcp", "--default-character-set=binary",
                          "--max-allowed-packet=1G"},
            .environment = {{"MYSQL_PWD", database_.password}},
            .output_file = file};
        options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
        auto const result = TRY(run_process(context_, options));
        if (!result.status.success())
            return Error(ErrorCode::Internal,
                         fmt::format("{}: {}: {}", program, result.status.describe(),
                                     result.standard_error));
        std::vector<std::string> lines;
        std::ifstream stream(file, std::ios::binary);
        for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
        return lines;
    }

    [[nodiscard]] Result<std::vector<std::string>> query(std::string const& sql) const {
        return run("mariadb", {"--batch", "--quick", "--skip-column-names",
                               "--init-command=SET time_zone = '+00:00'",
                               "--database=" + database_.database, "--execute=" + sql});
    }

    [[nodiscard]] Result<std::vector<std::string>> dump(std::vector<std::string> arguments) const {
        std::vector<std::string> all{"--skip-opt", "--quick",    "--skip-comments",   "--compact",
                                     "--tz-utc",   "--hex-blob", "--skip-lock-tables"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        all.push_back(database_.database);
        return run("mariadb-dump", std::move(all));
    }

    [[nodiscard]] std::string const& database() const { return database_.database; }

private:
    Client(Context context, mysql::Endpoint database, TemporaryDirectory folder)
        : context_(std::move(context)),
          database_(std::move(database)),
          folder_(std::move(folder)) {}

    Context context_;
    mysql::Endpoint database_;
    TemporaryDirectory folder_;
};

std::string quoted_name(std::string const& name) {
    std::string quoted = "`";
    for (char const c : name) quoted.append(c == '`' ? 2 : 1, c);
    return quoted + "`";
}

// By which columns a table is read with SELECT.
enum class Columns {
    All,      // every one
    Inexact,  // the key, and those that a dump's text does not tell exactly
};

// The column as text that tells every bit of it.
std::string exact(std::string const& column, std::string const& type) {
    // Times one in DOUBLE: every FLOAT is exact in it, -0 too. (5.6 cannot CAST AS DOUBLE.)
    if (type == "float") return fmt::format("IFNULL({} * 1e0, 'NULL')", column);
    std::string const bytes =
        fmt::format("IFNULL(CONCAT('x', HEX(CAST({} AS BINARY))), 'NULL')", column);
    // Not `+ 0`: that is a DOUBLE in 5.6 and loses the low bits of a SET of 64.
    if (type == "enum" || type == "set")
        return bytes + fmt::format(", IFNULL(CAST({} AS UNSIGNED), '')", column);
    return bytes;
}

Result<std::vector<std::string>> select_lines(Client const& client, Columns which) {
    struct Table {
        std::string expressions = "''";
        bool wanted = false;
    };
    std::map<std::string, Table> tables;
    auto const columns = TRY(
        client.query("SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, CONCAT(c.COLUMN_KEY, '-') "
                     "FROM information_schema.COLUMNS c JOIN information_schema.TABLES t "
                     "USING (TABLE_SCHEMA, TABLE_NAME) WHERE c.TABLE_SCHEMA = DATABASE() "
                     "AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION"));
    for (auto const& line : columns) {
        static std::regex const separator("\t");
        std::vector<std::string> const fields(
            std::sregex_token_iterator(line.begin(), line.end(), separator, -1), {});
        if (fields.size() != 4) return Error(ErrorCode::Internal, "not a column: " + line);
        bool const inexact = fields[2] == "float" || fields[2] == "enum" || fields[2] == "set";
        Table& table = tables[fields[0]];
        if (which == Columns::All || inexact) table.wanted = true;
        if (which == Columns::All || inexact || fields[3] == "PRI-")
            table.expressions += ", " + exact(quoted_name(fields[1]), fields[2]);
    }
    std::vector<std::string> lines;
    for (auto const& [name, table] : tables) {
        if (!table.wanted) continue;
        auto const rows =
            TRY(client.query("SELECT " + table.expressions + " FROM " + quoted_name(name)));
        for (auto const& row : rows) lines.push_back("SELECT " + name + ": " + row);
    }
    return lines;
}

// What a move may change without changing the data. A row format says something else in each
// engine: a table that becomes InnoDB leaves it behind.
std::string neutral(std::string line) {
    static std::regex const engine(" ENGINE=\\w+");
    static std::regex const counter(" AUTO_INCREMENT=\\d+");
    static std::regex const row_format(" ROW_FORMAT=\\w+");
    bool const is_innodb = line.find(" ENGINE=InnoDB") != std::string::npos;
    line = std::regex_replace(line, engine, "");
    if (!is_innodb) line = std::regex_replace(line, row_format, "");
    return std::regex_replace(line, counter, "");
}

Result<std::vector<std::string>> schema_lines(Client const& client) {
    auto lines = TRY(client.dump(
        {"--no-data", "--create-options", "--skip-triggers", "--routines", "--quote-names"}));
    std::string table;
    for (auto& line : lines) {
        // A column's line says nothing of its table, and all lines will be sorted together.
        if (line.starts_with("CREATE TABLE ")) table = line;
        bool const inside = line.starts_with("  ");
        line = "SCHEMA " + (inside ? table + line : neutral(line));
    }
    return lines;
}

std::string abbreviated(std::string const& line) {
    if (line.size() <= 2 * kShownBytes) return line;
    return fmt::format("{} ... ({} bytes, hash {:016x}) ... {}", line.substr(0, kShownBytes),
                       line.size(), std::hash<std::string>{}(line),
                       line.substr(line.size() - kShownBytes));
}

}  // namespace

std::string OracleVerdict::describe() const {
    if (equal()) return fmt::format("equal, {} rows", rows);
    std::string text = fmt::format("{} lines differ\n", differing_lines);
    for (auto const& line : only_first) text += "only first:  " + line + "\n";
    for (auto const& line : only_second) text += "only second: " + line + "\n";
    return text;
}

Result<DatabaseImage> read_image(Context const& context, mysql::Endpoint const& database,
                                 OracleScope scope) {
    Client const client = TRY(Client::make(context, database));
    DatabaseImage image;
    if (scope == OracleScope::RowsBySelect) {
        image.lines = TRY(select_lines(client, Columns::All));
        image.rows = image.lines.size();
        std::sort(image.lines.begin(), image.lines.end());
        return image;
    }
    image.lines = TRY(client.dump({"--no-create-info", "--skip-extended-insert", "--skip-triggers",
                                   "--order-by-primary", "--quote-names"}));
    std::erase_if(image.lines, [](auto const& line) { return !line.starts_with("INSERT INTO "); });
    image.rows = image.lines.size();
    auto inexact = TRY(select_lines(client, Columns::Inexact));
    std::move(inexact.begin(), inexact.end(), std::back_inserter(image.lines));
    if (scope == OracleScope::RowsAndSchema) {
        auto schema = TRY(schema_lines(client));
        std::move(schema.begin(), schema.end(), std::back_inserter(image.lines));
    }
    std::sort(image.lines.begin(), image.lines.end());
    return image;
}

OracleVerdict compare_images(DatabaseImage const& first, DatabaseImage const& second) {
    auto const only = [](DatabaseImage const& one, DatabaseImage const& other) {
        std::vector<std::string> lines;
        std::set_difference(one.lines.begin(), one.lines.end(), other.lines.begin(),
                            other.lines.end(), std::back_inserter(lines));
        return lines;
    };
    OracleVerdict verdict;
    verdict.rows = first.rows;
    verdict.only_first = only(first, second);
    verdict.only_second = only(second, first);
    verdict.differing_lines = verdict.only_first.size() + verdict.only_second.size();
    for (auto* lines : {&verdict.only_first, &verdict.only_second}) {
        lines->resize(std::min(lines->size(), kShownLines));
        std::transform(lines->begin(), lines->end(), lines->begin(), abbreviated);
    }
    return verdict;
}

Result<OracleVerdict> compare_databases(Context const& context, mysql::Endpoint const& first,
                                        mysql::Endpoint const& second, OracleScope scope) {
    auto const first_image = TRY(read_image(context, first, scope));
    auto const second_image = TRY(read_image(context, second, scope));
    return compare_images(first_image, second_image);
}

}  // namespace aipress::testing
