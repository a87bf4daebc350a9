// make_corpus FOLDER: writes a seed corpus made of real logs. Starts a MariaDB and a MySQL 5.6,
// lets them log random changes to every column type, and keeps the events. `make_corpus FOLDER
// LOG...` does the same with logs recorded elsewhere.
#include <fmt/format.h>
#include <fstream>
#include <iostream>

#include "mysql/binlog/stream.h"
#include "testing/database_server.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/integration/binlog_workload.h"

namespace {

using namespace aipress;
using namespace aipress::testing;

constexpr std::uint64_t kSeed = 1;
constexpr int kStatementsPerTable = 24;

void write(std::string const& path, Bytes const& input) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<char const*>(input.data()),
               static_cast<std::streamsize>(input.size()));
    std::cout << path << ": " << input.size() << " bytes\n";
}

Result<void> convert(std::string const& log, std::string const& into) {
    write(into, TRY(fuzz_input_of_log(log)));
    return {};
}

// One input for each table, of a log file of its own.
Result<void> log_changes(DatabaseServer& server, Dialect dialect, std::string const& settings,
                         std::string const& prefix) {
    SystemClock clock;
    Context const context(clock, Deadline::after(clock, milliseconds(60'000)), {});
    server.execute("DROP DATABASE IF EXISTS work");
    server.execute("CREATE DATABASE work");
    auto connection = server.connect_root("work");
    TRY(connection.execute(context, settings));
    TRY(connection.execute(context, "SET SESSION sql_mode=''"));
    Random random(kSeed);
    for (WorkloadTable const& table : workload_tables(dialect)) {
        TRY(connection.execute(context, table.create_sql()));
        TRY(connection.execute(context, "FLUSH BINARY LOGS"));
        auto const position = TRY(mysql::binlog::current_position(context, connection));
        for (int i = 0; i < kStatementsPerTable; ++i) {
            TRY(connection.execute(context, table.random_statement(random)));
        }
        TRY(connection.execute(context, "FLUSH BINARY LOGS"));
        TRY(convert((server.data_directory() / position.file).string(), prefix + table.name));
    }
    return {};
}

Result<void> make_from_servers(std::string const& folder) {
    auto mariadb = TRY(DatabaseServer::start({.settings = {"sql_mode="}}));
    TRY(log_changes(mariadb, Dialect::MariaDb, "SET binlog_row_image=FULL",
                    folder + "/mariadb-full-"));
    TRY(log_changes(mariadb, Dialect::MariaDb, "SET binlog_row_image=MINIMAL",
                    folder + "/mariadb-minimal-"));
    mariadb.execute("SET GLOBAL log_bin_compress_min_len=10");
    TRY(log_changes(mariadb, Dialect::MariaDb, "SET GLOBAL log_bin_compress=ON",
                    folder + "/mariadb-compressed-"));
    auto mysql =
        TRY(DatabaseServer::start({.kind = ServerKind::MySql56, .settings = {"sql_mode="}}));
    return log_changes(mysql, Dialect::MySql56, "SET binlog_row_image=FULL", folder + "/mysql-");
}

Result<void> run(std::vector<std::string> const& arguments) {
    if (arguments.size() == 1) return make_from_servers(arguments[0]);
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        TRY(convert(arguments[i], fmt::format("{}/log-{}", arguments[0], i)));
    }
    return {};
}

}  // namespace

int main(int count, char** values) {
    std::vector<std::string> const arguments(values + 1, values + count);
    if (arguments.empty()) {
        std::cerr << "usage: make_corpus FOLDER [LOG...]\n";
        return 2;
    }
    auto const result = run(arguments);
    if (!result.ok()) std::cerr << result.error().message() << "\n";
    return result.ok() ? 0 : 1;
}
