// What every scenario works on: two servers with tenants of four sizes, and the figures so far.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "bench/mover_process.h"
#include "bench/options.h"
#include "bench/results.h"
#include "bench/say.h"
#include "bench/tenant_writer.h"
#include "testing/database_server.h"

namespace aipress::bench {

struct Tenant {
    std::string database;
    std::uint64_t size_bytes = 0;

    [[nodiscard]] std::string size_text() const;  // "200 MB"
    [[nodiscard]] std::uint64_t rows_of(std::string const& table) const;
};

// Not thread safe.
class Stage {
public:
    // Starts the servers and fills the tenants that the options ask for.
    [[nodiscard]] static Result<std::unique_ptr<Stage>> set_up(Context const& context,
                                                               Options options);

    [[nodiscard]] Options const& options() const { return options_; }
    [[nodiscard]] testing::DatabaseServer const& source() const { return source_; }
    [[nodiscard]] testing::DatabaseServer const& target() const { return target_; }

    // The whole size, a tenth, a fifth and a fiftieth of it.
    [[nodiscard]] Tenant full() const { return tenant("full", 1); }
    [[nodiscard]] Tenant tenth() const { return tenant("tenth", 10); }
    [[nodiscard]] Tenant fifth() const { return tenant("fifth", 5); }
    [[nodiscard]] Tenant fiftieth() const { return tenant("fiftieth", 50); }

    // Undoes what an earlier move left: an empty target, the tenant's account open on the source.
    Result<void> reset(Context const& context, Tenant const& tenant) const;
    [[nodiscard]] Result<MoverProcess> start_move(Context const& context, Tenant const& tenant,
                                                  std::vector<std::string> options) const;
    [[nodiscard]] std::vector<std::unique_ptr<TenantWriter>> start_writers(
        Tenant const& tenant, unsigned sessions, std::uint64_t rows_per_second_each) const;
    // Errors: DataLoss when a table differs; by the servers' own CHECKSUM TABLE.
    Result<void> check_same_content(Context const& context, Tenant const& tenant) const;

    void add(Figure figure);
    [[nodiscard]] std::vector<Figure> const& figures() const { return figures_; }

private:
    Stage(Options options, testing::DatabaseServer source, testing::DatabaseServer target);
    [[nodiscard]] Tenant tenant(std::string database, std::uint64_t divisor) const;
    [[nodiscard]] std::vector<Tenant> wanted_tenants() const;

    Options options_;
    testing::DatabaseServer source_;
    testing::DatabaseServer target_;
    std::vector<Figure> figures_;
};

// The scenarios: each adds its figures.
Result<void> run_copy(Context const& context, Stage& stage);
Result<void> run_fence(Context const& context, Stage& stage);
Result<void> run_catchup(Context const& context, Stage& stage);
Result<void> run_writes(Context const& context, Stage& stage);

}  // namespace aipress::bench
