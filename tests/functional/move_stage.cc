#include "move_stage.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>

#include "base/subprocess.h"

namespace aipress::functional {
namespace {

using testing::Arguments;
using testing::CommandResult;
using testing::DatabaseServer;
using testing::ServerOptions;
using testing::TemporaryDirectory;

constexpr milliseconds kStatusInterval{50};

// A context points to its clock, and stages move.
Clock& wall_clock() {
    static SystemClock clock;
    return clock;
}

std::string difference(std::string_view side, ServerImage const& before, ServerImage const& after) {
    auto const [left, right] =
        std::mismatch(before.begin(), before.end(), after.begin(), after.end());
    if (left == before.end() && right == after.end()) return "";
    return fmt::format("{}: was: {}\nis: {}\n", side, left == before.end() ? "(nothing)" : *left,
                       right == after.end() ? "(nothing)" : *right);
}

}  // namespace

Result<ServerImage> read_server_image(Context const& context, DatabaseServer const& server) {
    auto const folder = TRY(TemporaryDirectory::make());
    auto const file = folder / "dump";
    auto const result = TRY(run_process(
        context,
        {.arguments = {"mariadb-dump", "--no-defaults", "--host=127.0.0.1",
                       "--port=" + std::to_string(server.port()), "--user=root", "--protocol=tcp",
                       "--all-databases", "--system=users", "--skip-comments", "--skip-dump-date",
                       "--skip-extended-insert", "--order-by-primary", "--routines", "--events",
                       // The server keeps statistics and the accounts' inner form as it likes; the
                       // accounts themselves are in --system=users.
                       "--ignore-table=mysql.innodb_index_stats",
                       "--ignore-table=mysql.innodb_table_stats",
                       "--ignore-table=mysql.global_priv"},
         .environment = {{"MYSQL_PWD", server.root().password}},
         .output_file = file}));
    if (!result.status.success()) {
        return Error(ErrorCode::Internal, "mariadb-dump: " + result.standard_error);
    }
    ServerImage lines;
    std::ifstream stream(file, std::ios::binary);
    for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
    return lines;
}

Result<MoveStage> MoveStage::make(ServerOptions source, ServerOptions target) {
    auto folder = TRY(TemporaryDirectory::make());
    auto first = TRY(DatabaseServer::start(std::move(source)));
    auto second = TRY(DatabaseServer::start(std::move(target)));
    return MoveStage(std::move(first), std::move(second), std::move(folder));
}

Context MoveStage::context() {
    return {wall_clock(), Deadline::after(wall_clock(), kPatience), std::stop_token()};
}

Result<void> MoveStage::make_tenant() {
    for (auto const* server : {&source_, &target_}) {
        server->execute("CREATE USER 'wp'@'127.0.0.1' IDENTIFIED BY 'secret'");
        server->execute("GRANT ALL ON wp.* TO 'wp'@'127.0.0.1'");
    }
    source_.execute("CREATE DATABASE wp CHARACTER SET utf8mb4");
    source_.execute(
        "CREATE TABLE wp.wp_options (option_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY "
        "KEY, option_name VARCHAR(191) NOT NULL UNIQUE, option_value LONGTEXT NOT NULL)");
    source_.execute(
        "INSERT INTO wp.wp_options (option_name, option_value) "
        "SELECT CONCAT('option ', seq), REPEAT('value ', seq % 50) FROM wp.seq_1_to_500");
    source_.execute("CREATE TABLE wp.wp_log (at DATETIME, what TEXT)");
    source_.execute("INSERT INTO wp.wp_log VALUES ('2020-01-01', 'installed')");
    source_.execute("CREATE VIEW wp.wp_names AS SELECT option_name FROM wp.wp_options");
    source_.execute(
        "CREATE TRIGGER wp.wp_options_log AFTER DELETE ON wp.wp_options FOR EACH ROW "
        "INSERT INTO wp.wp_log VALUES (NOW(), OLD.option_name)");
    return remember();
}

Result<void> MoveStage::remember_source() {
    source_image_ = TRY(read_server_image(context(), source_));
    return {};
}

Result<void> MoveStage::remember() {
    TRY(remember_source());
    target_image_ = TRY(read_server_image(context(), target_));
    return {};
}

Result<std::string> MoveStage::changes() {
    return difference("source", source_image_, TRY(read_server_image(context(), source_))) +
           difference("target", target_image_, TRY(read_server_image(context(), target_)));
}

Arguments MoveStage::move_command(std::string const& source_url, std::string const& target_url,
                                  Arguments const& more) const {
    Arguments arguments{"database", "move",      "--source", source_url, "--target",
                        target_url, "--journal", journal(),  "--format", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

Arguments MoveStage::move_command(Arguments const& more) const {
    return move_command(source_.root_url("wp"), target_.root_url("wp"), more);
}

Result<CommandResult> MoveStage::run(Arguments const& arguments) {
    return testing::run_aipress(context(), arguments);
}

Result<CommandResult> MoveStage::ask(std::string const& verb, Arguments more) {
    Arguments arguments{"database", verb, "--journal", journal(), "--format", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
}

Result<boost::json::object> MoveStage::status() {
    return TRY(ask("status")).json();
}

Result<void> MoveStage::wait_for_state(testing::AipressProcess& move, std::string const& wanted) {
    auto const limit = context();
    std::string seen;
    do {
        if (!move.running()) {
            return Error(ErrorCode::Aborted, fmt::format("the move ended before {}: {}", wanted,
                                                         TRY(move.wait(limit)).describe()));
        }
        auto const report = status();
        if (!report.ok()) continue;
        auto const* state = report.value().if_contains("state");
        if (state == nullptr || !state->is_string()) continue;
        seen = state->get_string();
        if (seen == wanted) return {};
    } while (limit.sleep(kStatusInterval));
    return Error(ErrorCode::DeadlineExceeded,
                 fmt::format("the move is {}, not {}: {}", seen, wanted, move.error()));
}

}  // namespace aipress::functional
