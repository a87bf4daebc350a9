#include "sandbox/sql/machines.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <thread>
#include <vector>

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr milliseconds kStartTime{120'000};
constexpr milliseconds kWorkTime{6 * 3'600'000};
// 25 instances are to fit into 24 GiB: a server gets a fortieth of what its tier would have.
constexpr std::uint64_t kMemoryShare = 40;
constexpr std::uint64_t kBufferPoolLeast = 16;  // MiB
constexpr std::uint64_t kBufferPoolMost = 256;

Result<void> write_private(fs::path const& path, std::string const& text) {
    std::error_code failure;
    std::ofstream file(path, std::ios::trunc);
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, failure);
    file << text;
    file.close();
    if (file) return {};
    return Error(ErrorCode::Unavailable, "cannot write " + path.string());
}

bool is_set(json::object const& object, std::string_view name) {
    auto const* const value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

Context Machines::context() {
    return {clock_, Deadline::after(clock_, kWorkTime), stopping_.get_token()};
}

bool Machines::has_data(std::string const& id) const {
    std::error_code ignored;
    return fs::exists(folder(id) / "data", ignored);
}

Result<void> Machines::make_data(std::string const& id, fs::path const& data) {
    std::error_code ignored;
    auto const own = folder(id) / "data";
    if (has_data(id)) return {};
    auto source = data;
    if (source.empty()) {
        source = folder_ / "prepared";
        std::lock_guard const lock(prepare_mutex_);
        if (!fs::exists(source, ignored)) TRY(prepare_data(context(), source));
    }
    return copy_data(context(), source, own);
}

Outcome<SqlServerOptions> Machines::options_of(json::object const& instance) const {
    auto const id = text_field(instance, "id");
    auto const& resource = instance.at("resource").as_object();
    auto const& settings = resource.at("settings").as_object();
    auto const tier = TRY(find_tier(text_field(settings, "tier")));
    SqlServerOptions options{.folder = folder(id),
                             .address = text_field(instance, "address"),
                             .server_id = instance.at("server_id").to_number<std::uint32_t>()};
    auto const pool = std::clamp(tier.memory_mb / kMemoryShare, kBufferPoolLeast, kBufferPoolMost);
    auto const folder_text = options.folder.string();
    options.settings = {fmt::format("innodb_buffer_pool_size={}M", pool),
                        fmt::format("max_connections={}", tier.connections),
                        fmt::format("ssl_cert={}/server-cert.pem", folder_text),
                        fmt::format("ssl_key={}/server-key.pem", folder_text)};
    auto const* const backup = settings.if_contains("backupConfiguration");
    if (backup != nullptr && backup->is_object() &&
        is_set(backup->get_object(), "binaryLogEnabled")) {
        for (auto const* const line :
             {"log_bin=mysql-bin", "binlog_format=ROW", "binlog_row_image=FULL", "sync_binlog=1",
              "innodb_flush_log_at_trx_commit=1", "log_slave_updates=ON"}) {
            options.settings.emplace_back(line);
        }
    }
    for (auto& line : TRY(flag_lines(settings))) options.settings.push_back(std::move(line));
    return options;
}

Outcome<Done> Machines::start(json::object const& instance, fs::path const& data) {
    auto const id = text_field(instance, "id");
    stop(id);
    auto const options = TRY(options_of(instance));
    TRY(make_data(id, data));
    auto const identity = TRY(authority_.issue(options.address));
    TRY(write_private(options.folder / "server-cert.pem", identity.certificate));
    TRY(write_private(options.folder / "server-key.pem", identity.private_key));
    auto server = TRY(SqlServer::start(context().within(kStartTime), options));
    std::lock_guard const lock(mutex_);
    servers_[id] = {std::move(server), options.settings};
    return Done();
}

Outcome<Done> Machines::refresh(json::object const& instance) {
    auto const options = TRY(options_of(instance));
    {
        std::lock_guard const lock(mutex_);
        auto const found = servers_.find(text_field(instance, "id"));
        if (found != servers_.end() && found->second.settings == options.settings) return Done();
    }
    return start(instance);
}

void Machines::stop(std::string const& id) {
    std::unique_ptr<SqlServer> server;
    {
        std::lock_guard const lock(mutex_);
        auto const found = servers_.find(id);
        if (found == servers_.end()) return;
        server = std::move(found->second.server);
        servers_.erase(found);
    }
    server.reset();  // waits, without the lock
}

void Machines::remove(std::string const& id) {
    stop(id);
    std::error_code ignored;
    fs::remove_all(folder(id), ignored);
}

void Machines::stop_all() {
    std::map<std::string, Running> servers;
    {
        std::lock_guard const lock(mutex_);
        servers.swap(servers_);
    }
    std::vector<std::jthread> threads;
    for (auto& [id, running] : servers) {
        threads.emplace_back([own = std::move(running.server)]() mutable { own.reset(); });
    }
}

pid_t Machines::pid(std::string const& id) {
    std::lock_guard const lock(mutex_);
    auto const found = servers_.find(id);
    return found == servers_.end() ? 0 : found->second.server->pid();
}

}  // namespace aipress::sandbox
