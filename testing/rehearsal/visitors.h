// People on one site, all the time: some read, some comment. What they were told goes into the
// ledger, what they saw go wrong is counted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "testing/rehearsal/content.h"
#include "testing/rehearsal/ledger.h"

namespace aipress::rehearsal {

struct VisitorOptions {
    std::string site_name;
    std::string site_url;
    Content content;
    std::uint64_t seed = 1;
    unsigned readers = 1;
    unsigned commenters = 1;
    milliseconds pause{40};  // between two requests of one visitor
};

struct VisitStatistics {
    std::uint64_t requests = 0;
    // Transport errors, 5xx, "Error establishing a database connection", and any other answer than
    // the page or the redirect that was due.
    std::uint64_t failed = 0;
    // A comment that was accepted and then did not show on its page.
    std::uint64_t vanished = 0;
    std::map<std::string, std::uint64_t> failures;  // by what went wrong
    // The longest time in which nobody got an answer that was right, if any was wrong.
    milliseconds longest_outage{0};
    double median_ms = 0;
    double p99_ms = 0;
    double slowest_ms = 0;
};

// Thread safe.
class Visitors {
public:
    // The ledger outlives them.
    Visitors(VisitorOptions options, Ledger& ledger, Clock& clock);
    ~Visitors();  // stop()

    // Requests under way are finished first. Safe to repeat.
    void stop();
    [[nodiscard]] VisitStatistics statistics() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// "http://…/post-1000/comment-page-2/#comment-412" → 412; 0 when it is no such link.
[[nodiscard]] std::uint64_t comment_of_location(std::string_view location);

}  // namespace aipress::rehearsal
