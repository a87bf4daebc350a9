// A ProxySQL before a shard's instance, in two parts: the stand-in that takes the admin statements,
// and a gate that sites connect by.
#pragma once

#include <fmt/format.h>
#include <optional>
#include <string>
#include <vector>

#include "pooler/proxysql.h"
#include "tenant_stage.h"
#include "testing/must.h"
#include "testing/proxysql_stand_in.h"
#include "testing/tcp_gate.h"

namespace aipress::functional {

// Not thread safe.
class PoolerStage {
public:
    explicit PoolerStage(TenantStage& stage) : gate_(open_gate(stage)) {}

    // The command's words, with ProxySQL's behind them.
    [[nodiscard]] std::vector<std::string> words(std::vector<std::string> command) const {
        command.insert(command.end(),
                       {"--pooler", "mysql://admin@127.0.0.1:" + std::to_string(admin_.port()),
                        "--pooler-address", "127.0.0.1:" + std::to_string(gate_.port())});
        return command;
    }
    [[nodiscard]] testing::Environment environment() const {
        return {{"AIPRESS_POOLER_PASSWORD", kPassword}};
    }
    [[nodiscard]] pooler::ProxySql connect() const {
        mysql::Endpoint endpoint;
        endpoint.host = "127.0.0.1";
        endpoint.port = admin_.port();
        endpoint.user = "admin";
        endpoint.password = kPassword;
        return testing::must(pooler::ProxySql::open(stage_context(), endpoint));
    }
    // nullopt unless all layers have the tenant alike.
    [[nodiscard]] std::optional<pooler::TenantState> entry(std::string const& tenant) const {
        auto proxysql = connect();
        std::vector<std::optional<pooler::TenantState>> all;
        for (auto const layer :
             {pooler::Layer::Memory, pooler::Layer::Runtime, pooler::Layer::Disk}) {
            all.push_back(testing::must(proxysql.read_tenant(stage_context(), tenant, layer)));
            if (!all.back() || all.back()->servers != all.front()->servers) return std::nullopt;
        }
        return all.front();
    }
    [[nodiscard]] std::vector<pooler::TenantState> entries() const {
        return testing::must(connect().list_tenants(stage_context(), pooler::Layer::Memory));
    }
    // Bytes between sites and the server, so far.
    [[nodiscard]] std::uint64_t traffic() const { return gate_.bytes(); }

    static constexpr char const* kPassword = "the-poolers-own-password";

private:
    static testing::TcpGate open_gate(TenantStage& stage) {
        auto const instance = stage.get("sqladmin.googleapis.com",
                                        fmt::format("/v1/projects/{0}/instances/{0}-db", kShard));
        std::string const address(instance.at_pointer("/ipAddresses/0/ipAddress").as_string());
        return testing::must(testing::TcpGate::open(3306, address));
    }

    testing::ProxySqlStandIn admin_{"admin", kPassword};
    testing::TcpGate gate_;
};

}  // namespace aipress::functional
