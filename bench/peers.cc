#include "bench/peers.h"

#include <fmt/format.h>
#include <vector>

#include "base/subprocess.h"
#include "mysql/connection.h"
#include "testing/temporary_directory.h"

namespace aipress::bench {
namespace {

using testing::DatabaseServer;

// mydumper's chunks. Without them one thread takes all of wp_posts.
constexpr char kChunkRows[] = "20000";

Result<void> run(Context const& context, std::vector<std::string> arguments) {
    ProcessOptions options;
    options.arguments = std::move(arguments);
    auto const name = options.arguments.front();
    auto const result = TRY(run_process(context, options));
    if (!result.status.success()) {
        return Error(ErrorCode::Internal, fmt::format("{}: {}: {}", name, result.status.describe(),
                                                      result.standard_error.substr(0, 500)));
    }
    return {};
}

double seconds_since(Context const& context, SteadyTime began) {
    return static_cast<double>(elapsed_ms(began, context.clock().now()).count()) / 1000.0;
}

// "-h 127.0.0.1 -P 3306 -u root", as each of the four tools spells it.
std::vector<std::string> login(DatabaseServer const& server) {
    auto const root = server.root();
    return {"-h", root.host, "-P", std::to_string(root.port), "-u", root.user};
}

std::vector<std::string> with_login(std::vector<std::string> command,
                                    DatabaseServer const& server) {
    for (auto& word : login(server)) command.push_back(std::move(word));
    return command;
}

}  // namespace

Result<double> move_with_dump(Context const& context, DatabaseServer const& source,
                              DatabaseServer const& target, std::string const& database) {
    auto connection = TRY(mysql::Connection::open(context, target.root()));
    TRY(connection.execute(context, "CREATE DATABASE " + mysql::quote_identifier(database)));
    auto const began = context.clock().now();
    // Values go in by the environment: nothing to quote.
    ProcessOptions options;
    options.arguments = {
        "bash", "-c",
        "set -o pipefail; "
        "mariadb-dump --single-transaction -h 127.0.0.1 -P \"$FROM\" -u root \"$DB\" "
        "| mariadb -h 127.0.0.1 -P \"$TO\" -u root \"$DB\""};
    options.environment = {{"MYSQL_PWD", source.root().password},
                           {"FROM", std::to_string(source.port())},
                           {"TO", std::to_string(target.port())},
                           {"DB", database}};
    auto const result = TRY(run_process(context, options));
    if (!result.status.success()) {
        return Error(ErrorCode::Internal, "mariadb-dump | mariadb: " + result.standard_error);
    }
    return seconds_since(context, began);
}

Result<double> move_with_mydumper(Context const& context, DatabaseServer const& source,
                                  DatabaseServer const& target, std::string const& database,
                                  unsigned threads, std::filesystem::path const& scratch) {
    auto const folder = TRY(testing::TemporaryDirectory::make(scratch));
    auto const dump = (folder / "dump").string();
    auto const count = std::to_string(threads);
    auto const password = source.root().password;
    auto const began = context.clock().now();
    TRY(run(context, with_login({"mydumper", "-p", password, "-B", database, "-o", dump, "-t",
                                 count, "-r", kChunkRows, "-v", "1"},
                                source)));
    TRY(run(context, with_login({"myloader", "-p", password, "-d", dump, "-t", count,
                                 "--enable-binlog", "-v", "1"},
                                target)));
    return seconds_since(context, began);
}

Result<void> check_peers_installed(Context const& context) {
    for (char const* tool : {"mariadb-dump", "mydumper", "myloader"}) {
        if (!run(context, {tool, "--version"}).ok()) {
            return Error(ErrorCode::NotFound,
                         fmt::format("{} is not installed; run tools/setup bench", tool));
        }
    }
    return {};
}

}  // namespace aipress::bench
