// Everything the rehearsal moves things between: two database servers, a web server, three sites
// with years of content, their visitors and their ledgers.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "testing/database_server.h"
#include "testing/rehearsal/content.h"
#include "testing/rehearsal/ledger.h"
#include "testing/rehearsal/site.h"
#include "testing/rehearsal/visitors.h"
#include "testing/rehearsal/web_server.h"

namespace aipress::rehearsal {

enum class Scale { Full, Small };

struct StageOptions {
    Scale scale = Scale::Full;
    std::uint64_t seed = 1;
    std::filesystem::path folder;                 // exists; everything is made below it
    std::filesystem::path php_folder;             // testing/rehearsal/php
    std::function<void(std::string const&)> say;  // one line of what is being done
};

struct Tenant {
    Site site;
    Content content;
    std::uint64_t data_bytes = 0;  // as the source's information_schema had it before the visitors
    Ledger ledger;
    std::unique_ptr<Visitors> visitors;

    explicit Tenant(Site its_site) : site(std::move(its_site)) {}
};

// Not thread safe.
class Stage {
public:
    // Sites are served from the source. No visitors yet. Errors: NotFound when a program or package
    // is missing.
    [[nodiscard]] static Result<std::unique_ptr<Stage>> build(Context const& context,
                                                              StageOptions options);
    ~Stage();  // visitors, web server, servers: in this order

    void let_visitors_in(Clock& clock);
    void send_visitors_home();

    [[nodiscard]] testing::DatabaseServer const& source() const { return *source_; }
    [[nodiscard]] testing::DatabaseServer const& target() const { return *target_; }
    // "127.0.0.1:PORT", as sites have it in their configuration.
    [[nodiscard]] static std::string address(testing::DatabaseServer const& server);
    [[nodiscard]] std::deque<Tenant>& tenants() { return tenants_; }
    [[nodiscard]] std::deque<Tenant> const& tenants() const { return tenants_; }

private:
    Stage(StageOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {}
    Result<void> start_servers();
    Result<void> start_sites(Context const& context);
    Result<void> fill(Context const& context, Tenant& tenant, std::uint64_t target_bytes);

    StageOptions options_;
    Clock& clock_;
    std::optional<testing::DatabaseServer> source_;
    std::optional<testing::DatabaseServer> target_;
    std::optional<WebServer> web_server_;
    std::deque<Tenant> tenants_;  // a tenant never moves in memory: visitors hold its ledger
};

}  // namespace aipress::rehearsal
