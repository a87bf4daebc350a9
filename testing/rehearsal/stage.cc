#include "testing/rehearsal/stage.h"

#include <array>
#include <fmt/format.h>

#include "poc/text_source.h"

namespace aipress::rehearsal {
namespace {

using poc::TextSource;

constexpr std::uint64_t kMegabyte = 1'000'000;

struct Role {
    char const* name;
    char const* title;
    SiteKind kind;
    std::uint64_t full_bytes;  // of content; the tables with their indexes come to 1.4 times that
};
constexpr std::array<Role, 3> kRoles = {{
    {"blog", "A Decade of Bread", SiteKind::Blog, 150 * kMegabyte},
    {"shop", "Shop at the Corner", SiteKind::Shop, 25 * kMegabyte},
    {"legacy", "Jürgens Heimatseite", SiteKind::Legacy, 20 * kMegabyte},
}};
constexpr std::uint64_t kSmallBytes = kMegabyte;
constexpr std::uint32_t kSourceId = 11;
constexpr std::uint32_t kTargetId = 12;

std::string generated_password(std::uint64_t seed) {
    TextSource text(seed);
    return fmt::format("{:016x}{:016x}", text.number(~0ull), text.number(~0ull));
}

// The tenant's database and its account, the same on both servers; nothing beyond its own database.
Result<void> create_account(Context const& context, mysql::Connection& admin, Site const& site) {
    auto const database = mysql::quote_identifier(site.database());
    auto const account = mysql::quote_text(site.user()) + "@'%'";
    TRY(admin.execute(context, fmt::format("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE "
                                           "utf8mb4_unicode_520_ci",
                                           database)));
    TRY(admin.execute(context, fmt::format("CREATE USER {} IDENTIFIED BY {}", account,
                                           mysql::quote_text(site.password()))));
    TRY(admin.execute(context, fmt::format("GRANT ALL ON {}.* TO {}", database, account)));
    return {};
}

// Data and indexes, with the statistics brought up to date first: they lag behind a bulk load.
Result<std::uint64_t> data_bytes(Context const& context, mysql::Connection& connection) {
    auto const tables = TRY(connection.query(
        context,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"));
    for (auto const& row : tables.rows)
        TRY(connection.query(context,
                             "ANALYZE TABLE " + mysql::quote_identifier(row[0].value_or(""))));
    auto const result =
        TRY(connection.query(context,
                             "SELECT CAST(SUM(data_length + index_length) AS UNSIGNED) FROM "
                             "information_schema.tables WHERE table_schema = DATABASE()"));
    return std::stoull(result.scalar().value_or("0"));
}

}  // namespace

std::string Stage::address(testing::DatabaseServer const& server) {
    return fmt::format("127.0.0.1:{}", server.port());
}

Result<std::unique_ptr<Stage>> Stage::build(Context const& context, StageOptions options) {
    std::unique_ptr<Stage> stage(new Stage(std::move(options), context.clock()));
    TRY(stage->start_servers());
    TRY(stage->start_sites(context));
    for (std::size_t i = 0; i < kRoles.size(); ++i)
        TRY(stage
                ->fill(context, stage->tenants_[i],
                       stage->options_.scale == Scale::Full ? kRoles[i].full_bytes : kSmallBytes)
                .in_context(kRoles[i].name));
    return stage;
}

Stage::~Stage() {
    send_visitors_home();
    if (web_server_) web_server_->stop(clock_);
}

Result<void> Stage::start_servers() {
    options_.say("starting two MariaDB servers");
    testing::ServerOptions server;
    server.data_parent = options_.folder;
    server.server_id = kSourceId;
    source_ = TRY(testing::DatabaseServer::start(server));
    server.server_id = kTargetId;
    target_ = TRY(testing::DatabaseServer::start(server));
    return {};
}

Result<void> Stage::start_sites(Context const& context) {
    options_.say("starting nginx and php-fpm");
    std::vector<VirtualHost> hosts;
    hosts.reserve(kRoles.size());
    for (auto const& role : kRoles)
        hosts.push_back({role.name, Site::document_root(options_.folder / role.name)});
    web_server_ = TRY(WebServer::start(context, options_.folder / "web", hosts,
                                       options_.php_folder / "prepend.php"));
    for (std::size_t i = 0; i < kRoles.size(); ++i) {
        SiteOptions site;
        site.name = kRoles[i].name;
        site.title = kRoles[i].title;
        site.kind = kRoles[i].kind;
        site.folder = options_.folder / site.name;
        site.php_folder = options_.php_folder;
        site.url = web_server_->url(i);
        site.password = generated_password(options_.seed + i);
        site.database_host = address(*source_);
        tenants_.emplace_back(TRY(Site::prepare(std::move(site))));
    }
    return {};
}

Result<void> Stage::fill(Context const& context, Tenant& tenant, std::uint64_t target_bytes) {
    auto const& site = tenant.site;
    options_.say(fmt::format("installing WordPress for {} at {}", site.name(), site.url()));
    for (auto const* server : {&*source_, &*target_}) {
        auto admin = TRY(mysql::Connection::open(context, server->root()));
        TRY(create_account(context, admin, site));
    }
    TRY(tenant.site.install(context));

    auto connection = TRY(mysql::Connection::open(context, source_->root(site.database())));
    ContentOptions content;
    content.kind = site.kind();
    content.target_bytes = target_bytes;
    content.seed = options_.seed;
    tenant.content = TRY(generate_content(context, connection, content));
    tenant.data_bytes = TRY(data_bytes(context, connection));
    return {};
}

void Stage::let_visitors_in(Clock& clock) {
    auto seed = options_.seed;
    for (auto& tenant : tenants_) {
        VisitorOptions visitors;
        visitors.site_name = tenant.site.name();
        visitors.site_url = tenant.site.url();
        visitors.content = tenant.content;
        visitors.seed = seed += 100;
        tenant.visitors = std::make_unique<Visitors>(std::move(visitors), tenant.ledger, clock);
    }
}

void Stage::send_visitors_home() {
    for (auto& tenant : tenants_)
        if (tenant.visitors) tenant.visitors->stop();
}

}  // namespace aipress::rehearsal
