// What visitors were told: every comment that WordPress said it had accepted. Compared, at the end,
// with what the database holds that owns the site.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"
#include "testing/rehearsal/content.h"

namespace aipress::rehearsal {

struct AcceptedComment {
    std::uint64_t comment_id = 0;
    std::uint64_t post_id = 0;
    std::string text;
    std::string database_host;  // host:port that the request was served from
};

// Thread safe.
class Ledger {
public:
    void add(AcceptedComment comment);

    [[nodiscard]] std::size_t size() const;
    // How many were served from that database.
    [[nodiscard]] std::size_t count_on(std::string_view database_host) const;
    [[nodiscard]] std::vector<AcceptedComment> entries() const;

    // Errors: DeadlineExceeded, Cancelled.
    Result<void> wait_for(Context const& context, std::string_view database_host,
                          std::size_t least) const;

private:
    [[nodiscard]] std::size_t count_locked(std::string_view database_host) const;

    mutable std::mutex mutex_;
    mutable std::condition_variable_any changed_;
    std::vector<AcceptedComment> entries_;
};

struct LedgerCheck {
    std::size_t accepted = 0;
    std::size_t missing = 0;             // accepted, but no such comment, or not with that text
    std::size_t missing_companions = 0;  // the plugin's row that was written with it
    std::size_t unacknowledged = 0;      // stored, though the visitor saw an error
    std::vector<std::string> examples;   // of what is missing

    [[nodiscard]] bool complete() const { return missing == 0 && missing_companions == 0; }
};

// On the side that owns the site.
[[nodiscard]] Result<LedgerCheck> compare(Context const& context, mysql::Connection& owner,
                                          Ledger const& ledger, CompanionTable const& companion);

// How the e-mail address of every visitor of the rehearsal begins.
inline constexpr char const* kVisitorMailPrefix = "rehearsal-visitor-";

}  // namespace aipress::rehearsal
