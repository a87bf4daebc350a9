// The tenant's own writes on the source, at a steady rate or as fast as they go.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "base/context.h"
#include "base/result.h"
#include "mysql/endpoint.h"

namespace aipress::bench {

inline constexpr std::uint64_t kUnlimitedRate = 0;

// A thread that changes rows as WordPress does: one statement a transaction, updates of posts,
// options and meta rows, new comments. Goes on by itself when a fence has locked it out, as a site
// would: it keeps logging in until it may. Thread safe.
class TenantWriter {
public:
    // `rows_per_second`: kUnlimitedRate: one after the other, as fast as the server answers.
    TenantWriter(mysql::Endpoint endpoint, std::uint64_t rows_per_second, std::uint64_t seed,
                 std::uint64_t posts);
    ~TenantWriter();  // stops and joins

    // Rows changed by statements that the server has confirmed.
    [[nodiscard]] std::uint64_t rows_changed() const { return rows_changed_; }
    // Statements that failed; behind a fence they do.
    [[nodiscard]] std::uint64_t failures() const { return failures_; }

private:
    void run(std::stop_token const& stop);

    mysql::Endpoint endpoint_;
    std::uint64_t rows_per_second_;
    std::uint64_t seed_;
    std::uint64_t posts_;
    std::atomic<std::uint64_t> rows_changed_ = 0;
    std::atomic<std::uint64_t> failures_ = 0;
    std::jthread thread_;
};

// Rows changed a second while `duration` passes.
[[nodiscard]] double measure_rate(Context const& context, TenantWriter const& writer,
                                  milliseconds duration);

struct Burst {
    std::uint64_t rows = 0;
    double seconds = 0;
};

// Changes `rows` different meta rows in transactions of `rows_per_transaction`, over several
// sessions.
[[nodiscard]] Result<Burst> write_burst(Context const& context, mysql::Endpoint const& endpoint,
                                        std::uint64_t rows, std::uint64_t rows_per_transaction);

}  // namespace aipress::bench
