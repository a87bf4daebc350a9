#include "testing/sql_engine.h"

#include <array>
#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <optional>

#include "gcp/connection.h"
#include "gcp/operations.h"
#include "sandbox/spanner_emulator.h"
#include "testing/postgres_server.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::testing {
namespace {

class SqliteFiles final : public SqlEngine {
public:
    explicit SqliteFiles(TemporaryDirectory folder) : folder_(std::move(folder)) {}
    Result<std::string> make_database() override {
        return fmt::format("sqlite:{}/{}.db", folder_.path().string(), ++made_);
    }

private:
    TemporaryDirectory folder_;
    unsigned made_ = 0;
};

class PostgresDatabases final : public SqlEngine {
public:
    explicit PostgresDatabases(PostgresServer server) : server_(std::move(server)) {}
    Result<std::string> make_database() override { return server_.make_database(); }

private:
    PostgresServer server_;
};

constexpr char const* kSpanner = "spanner.googleapis.com";
constexpr char const* kInstance = "projects/test-project/instances/test-instance";

class SpannerDatabases final : public SqlEngine {
public:
    SpannerDatabases(TemporaryDirectory folder, std::unique_ptr<sandbox::SpannerEmulator> emulator)
        : folder_(std::move(folder)),
          emulator_(std::move(emulator)),
          tokens_(gcp::make_fixed_token("unused")),
          quotas_(clock_),
          connection_(transport_, *tokens_, quotas_,
                      {.endpoints = {{kSpanner, fmt::format("http://127.0.0.1:{}",
                                                            emulator_->rest_port())}}}) {}

    Result<void> make_instance() {
        TRY(connection_.call(
            test_context(),
            {.api = kSpanner,
             .method = "POST",
             .path = "/v1/projects/test-project/instances",
             .body = boost::json::object{
                 {"instanceId", "test-instance"},
                 {"instance",
                  boost::json::object{
                      {"config", "projects/test-project/instanceConfigs/emulator-config"},
                      {"displayName", "Test instance"},
                      {"nodeCount", 1}}}}}));
        return {};
    }
    Result<std::string> make_database() override {
        auto const name = fmt::format("test-{}", ++made_);
        auto operation = TRY(connection_.call(
            test_context(), {.api = kSpanner,
                             .method = "POST",
                             .path = fmt::format("/v1/{}/databases", kInstance),
                             .body = boost::json::object{
                                 {"createStatement", fmt::format("CREATE DATABASE \"{}\"", name)},
                                 {"databaseDialect", "POSTGRESQL"}}}));
        TRY(gcp::wait_for_rpc(connection_, test_context(), kSpanner, "/v1/", operation));
        return fmt::format("spanner://test-project/test-instance/{}", name);
    }
    sql::DatabaseOptions options() const override { return {.google = &connection_}; }

private:
    TemporaryDirectory folder_;
    std::unique_ptr<sandbox::SpannerEmulator> emulator_;
    SystemClock clock_;
    gcp::HttpTransport transport_;
    std::unique_ptr<gcp::TokenSource> tokens_;
    gcp::QuotaBroker quotas_;
    gcp::Connection connection_;
    unsigned made_ = 0;
};

}  // namespace

Result<std::unique_ptr<SqlEngine>> SqlEngine::start(sql::Engine engine) {
    if (engine == sql::Engine::Postgres) {
        auto server = TRY(PostgresServer::start());
        return std::unique_ptr<SqlEngine>(std::make_unique<PostgresDatabases>(std::move(server)));
    }
    auto folder = TRY(TemporaryDirectory::make());
    if (engine == sql::Engine::Sqlite) {
        return std::unique_ptr<SqlEngine>(std::make_unique<SqliteFiles>(std::move(folder)));
    }
    auto emulator = TRY(sandbox::SpannerEmulator::start(test_context(), folder / "emulator.log"));
    auto databases = std::make_unique<SpannerDatabases>(std::move(folder), std::move(emulator));
    TRY(databases->make_instance());
    return std::unique_ptr<SqlEngine>(std::move(databases));
}

SqlEngine* SqlEngine::shared(sql::Engine engine, std::string& why) {
    static std::array<std::optional<Result<std::unique_ptr<SqlEngine>>>, 3> started;
    auto& one = started.at(static_cast<std::size_t>(engine));
    if (!one) one.emplace(start(engine));
    if (one->ok()) return one->value().get();
    why = one->error().message();
    return nullptr;
}

}  // namespace aipress::testing
