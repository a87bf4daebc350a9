#include "bench/stage.h"

#include <fmt/format.h>
#include <utility>

#include "bench/wordpress_data.h"
#include "mysql/connection.h"

namespace aipress::bench {
namespace {

using testing::DatabaseServer;

constexpr std::uint64_t kMegabyte = 1'000'000;

// A small shared server: the data does not fit into its buffer pool.
testing::ServerOptions server_options(std::uint32_t server_id,
                                      std::filesystem::path const& folder) {
    return {.server_id = server_id,
            .settings = {"innodb_buffer_pool_size=256M", "innodb_log_file_size=256M",
                         "max_binlog_size=256M"},
            .data_parent = folder};
}

Result<std::string> checksums(Context const& context, DatabaseServer const& server,
                              Tenant const& tenant) {
    auto connection = TRY(mysql::Connection::open(context, server.root(tenant.database)));
    std::string all;
    for (auto const& [table, rows] : table_sizes(tenant.size_bytes)) {
        auto const result = TRY(connection.query(context, "CHECKSUM TABLE " + table));
        all += fmt::format("{}={} ", table, result.text(0, "Checksum"));
    }
    return all;
}

}  // namespace

std::string Tenant::size_text() const {
    return fmt::format("{} MB", (size_bytes + kMegabyte / 2) / kMegabyte);
}

std::uint64_t Tenant::rows_of(std::string const& table) const {
    for (auto const& size : table_sizes(size_bytes)) {
        if (size.table == table) return size.rows;
    }
    return 0;
}

Stage::Stage(Options options, DatabaseServer source, DatabaseServer target)
    : options_(std::move(options)), source_(std::move(source)), target_(std::move(target)) {}

Tenant Stage::tenant(std::string database, std::uint64_t divisor) const {
    return {std::move(database), options_.size_bytes / divisor};
}

std::vector<Tenant> Stage::wanted_tenants() const {
    std::vector<Tenant> wanted;
    if (options_.wants("copy") || options_.wants("writes")) wanted.push_back(full());
    if (options_.wants("copy")) wanted.push_back(tenth());
    if (options_.wants("fence") || options_.wants("catchup")) wanted.push_back(fifth());
    if (options_.wants("fence")) wanted.push_back(fiftieth());
    return wanted;
}

Result<std::unique_ptr<Stage>> Stage::set_up(Context const& context, Options options) {
    auto source = TRY(DatabaseServer::start(server_options(1, options.directory)));
    auto target = TRY(DatabaseServer::start(server_options(2, options.directory)));
    std::unique_ptr<Stage> stage(
        new Stage(std::move(options), std::move(source), std::move(target)));
    std::vector<std::string> databases;
    for (auto const& tenant : stage->wanted_tenants()) {
        auto const began = context.clock().now();
        TRY(make_tenant(context, stage->source_, tenant.database, tenant.size_bytes,
                        stage->options_.seed)
                .in_context(tenant.database));
        auto const passed = elapsed_ms(began, context.clock().now());
        say(fmt::format("made tenant '{}', {}, in {:.1f} s", tenant.database, tenant.size_text(),
                        static_cast<double>(passed.count()) / 1000.0));
        databases.push_back(tenant.database);
    }
    TRY(make_tenant_account(context, stage->source_, databases));
    TRY(make_tenant_account(context, stage->target_, databases));
    return stage;
}

Result<void> Stage::reset(Context const& context, Tenant const& tenant) const {
    auto on_source = TRY(mysql::Connection::open(context, source_.root()));
    TRY(on_source.execute(context, fmt::format("ALTER USER '{}'@'%' ACCOUNT UNLOCK", kTenantUser)));
    auto on_target = TRY(mysql::Connection::open(context, target_.root()));
    TRY(on_target.execute(context, fmt::format("ALTER USER '{}'@'%' ACCOUNT UNLOCK", kTenantUser)));
    TRY(on_target.execute(context, "DROP DATABASE IF EXISTS " + tenant.database));
    // Nobody follows the target now; its log would fill the disk.
    TRY(on_target.execute(context, "RESET MASTER"));
    return {};
}

Result<MoverProcess> Stage::start_move(Context const& context, Tenant const& tenant,
                                       std::vector<std::string> move_options) const {
    move_options.insert(move_options.end(), {"--workers", std::to_string(options_.workers)});
    return MoverProcess::start(context, options_.aipress, source_, target_, tenant.database,
                               std::move(move_options));
}

std::vector<std::unique_ptr<TenantWriter>> Stage::start_writers(
    Tenant const& tenant, unsigned sessions, std::uint64_t rows_per_second_each) const {
    auto endpoint = source_.root(tenant.database);
    endpoint.user = kTenantUser;
    endpoint.password = kTenantPassword;
    std::vector<std::unique_ptr<TenantWriter>> writers;
    for (unsigned i = 0; i < sessions; ++i) {
        writers.push_back(std::make_unique<TenantWriter>(
            endpoint, rows_per_second_each, options_.seed * 1'000 + i, tenant.rows_of("wp_posts")));
    }
    return writers;
}

Result<void> Stage::check_same_content(Context const& context, Tenant const& tenant) const {
    auto const here = TRY(checksums(context, source_, tenant));
    auto const there = TRY(checksums(context, target_, tenant));
    if (here != there) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("'{}' differs: {} and {}", tenant.database, here, there));
    }
    return {};
}

void Stage::add(Figure figure) {
    say(fmt::format("{}: {} = {:.2f} {}", figure.part, figure.name, figure.value, figure.unit));
    figures_.push_back(std::move(figure));
}

}  // namespace aipress::bench
