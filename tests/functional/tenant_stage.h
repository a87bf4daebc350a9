// A sandbox with today's project, some live tenants and a shard, and `aipress tenant` run on it as
// an operator runs it.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <vector>

#include "poc/tenant.h"
#include "testing/aipress_process.h"
#include "testing/http_client.h"
#include "testing/sandbox_process.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {

inline constexpr unsigned kStageSeed = 7;
inline constexpr char const* kShard = "aipress-shard-001";

// Not thread safe. What cannot be had throws, which GoogleTest reports.
class TenantStage {
public:
    explicit TenantStage(unsigned tenants);

    [[nodiscard]] poc::Tenant tenant(unsigned number) const {
        return poc::make_tenant(kStageSeed, number);
    }
    // "aipress tenant WORDS", with the state folder, as JSON.
    [[nodiscard]] testing::Arguments command(std::vector<std::string> words) const;
    [[nodiscard]] testing::Environment environment(testing::Environment more = {}) const;
    testing::CommandResult run(std::vector<std::string> const& words,
                               testing::Environment const& more = {}) const;
    // "migrate TENANT --to SHARD", looked at for a second only.
    [[nodiscard]] std::vector<std::string> migrate_words(std::string const& tenant) const;

    // The sandbox anew, on what there is, with these words for `up`.
    void restart_sandbox(testing::Arguments up);

    // Google's REST API.
    testing::HttpAnswer call(std::string const& verb, std::string const& host,
                             std::string const& path, std::string body = "");
    boost::json::value get(std::string const& host, std::string const& path);
    // The names of a list's items, by a field.
    std::vector<std::string> names(std::string const& host, std::string const& path,
                                   std::string const& list, std::string const& field);
    std::string secret(std::string const& project, std::string const& name);

    // The site, by its host's name.
    testing::HttpAnswer visit(unsigned number, std::string const& target);
    // The same by another of its names.
    testing::HttpAnswer visit_host(std::string const& host, std::string const& target);
    // Maps another name to the tenant's service in today's project, as its owner would.
    void map_host(unsigned number, std::string const& host);
    // To the newest post; whether WordPress took it. It is shown at once. WordPress takes one in 15
    // seconds of an address.
    bool try_comment(unsigned number, std::string const& text);
    // The same, asked again while it is too soon.
    bool comment(unsigned number, std::string const& text);
    [[nodiscard]] bool has_comment(unsigned number, std::string const& text);
    // That of the service which the host is mapped to.
    std::string serving_project(unsigned number) { return serving_project(tenant(number).host()); }
    std::string serving_project(std::string const& host);
    // The record set's data, by a query to the name server.
    std::vector<std::string> record(unsigned number);

    [[nodiscard]] std::filesystem::path state() const { return folder_ / "state"; }
    [[nodiscard]] testing::SandboxProcess& sandbox() { return sandbox_; }

private:
    testing::CommandResult run_sandbox(std::vector<std::string> words) const;
    int post_comment(unsigned number, std::string const& text);

    testing::SandboxProcess sandbox_;
    testing::TemporaryDirectory folder_;
    std::string sites_;  // HOST:PORT
    testing::HttpClient client_;
    unsigned comments_ = 0;
};

[[nodiscard]] Context stage_context();

}  // namespace aipress::functional
