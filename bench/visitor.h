// Somebody who looks at a site again and again, and notes how long it did not answer.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/context.h"

namespace aipress::bench {

struct Seen {
    unsigned requests = 0;
    unsigned failures = 0;
    // From the sending of the first request that failed to the next good answer: the longest, and
    // all of them.
    double downtime_ms = 0;
    double downtime_total_ms = 0;
    double slowest_ms = 0;  // good answer
};

// A page that WordPress makes from its database, one request after the other with a short pause
// between: a downtime is known to within that. An answer other than 200 is a failure.
class Visitor {
public:
    // `address`: HOST:PORT of all sites.
    Visitor(Clock& clock, std::string const& address, std::string host);
    Visitor(Visitor const&) = delete;
    Visitor& operator=(Visitor const&) = delete;

    // Goes home. An outage that is not over counts up to now. To be called once.
    [[nodiscard]] Seen leave();

private:
    void look_around(std::string const& url, std::stop_token const& stop);

    Clock& clock_;
    std::string const host_;
    Seen seen_;            // the thread's own until it is joined
    std::jthread thread_;  // last: what it uses is there before and after
};

}  // namespace aipress::bench
