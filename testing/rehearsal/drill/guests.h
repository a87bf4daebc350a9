// The visitors of one tenant: one reads, one writes comments and uploads files, both ask DNS.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "poc/tenant.h"
#include "testing/rehearsal/drill/ledger.h"
#include "testing/rehearsal/drill/visit_log.h"

namespace aipress::drill {

struct GuestOptions {
    poc::Tenant tenant = {};
    std::vector<std::string> other_titles = {};  // of the other tenants' sites
    std::string sites = {};                      // HOST:PORT
    dns::ServerAddress dns = {};
    milliseconds reading_pause{350};
    milliseconds writing_pause{900};
};

// Looks at the site once, to know what is to be seen, then lets them in until they are sent home.
class Guests {
public:
    // `log` and `ledger` outlive it. Errors: Unavailable when the site is not as seeded.
    [[nodiscard]] static Result<std::unique_ptr<Guests>> invite(Context const& context,
                                                                GuestOptions options, VisitLog& log,
                                                                Ledger& ledger);
    ~Guests();
    void send_home();

private:
    struct Impl;
    explicit Guests(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// "Bread &amp; more" of "<title>Bread &amp; more</title>"; "" when there is none.
[[nodiscard]] std::string title_of(std::string_view page);
// 17 of "http://a.example/post/#comment-17"; 0 when there is none.
[[nodiscard]] std::uint64_t comment_id_of(std::string_view location);

}  // namespace aipress::drill
