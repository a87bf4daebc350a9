// One round of looking at a site: the pages whose answers say whether it is well.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "sites/visit.h"

namespace aipress::sites {

enum class PageKind { Front, Post, Login, Rest, Media };
[[nodiscard]] std::string_view to_string(PageKind kind);  // "front page"

struct PlannedPage {
    PageKind kind = PageKind::Front;
    std::string target = {};  // "/hello-world/"
    int status = 200;         // what it answered when it was planned: a plugin may hide a page
    std::string sha256 = {};  // of the body, where it does not change: a media file's; "": any
};

// What a site has to be known by, and which of its pages are asked for.
struct SitePlan {
    std::string host = {};   // "tenant-001.aipress.io"
    std::string title = {};  // as its REST API says; "": it has none that answers
    std::vector<PlannedPage> pages = {};

    [[nodiscard]] PlannedPage const* find(PageKind kind) const;
};

// Asks the site: its newest post, a media file of its own (smaller than 4 MiB, where one of the
// newest is), with its SHA-256. What a site does not have is not in the plan. `host`: the tenant's.
// Errors: FailedPrecondition when the site is not well (nothing to hold anything against), and
// those of Visitor.
[[nodiscard]] Result<SitePlan> plan_site(Context const& context, Visitor& visitor,
                                         std::string host);

enum class Trouble {
    None,
    NoConnection,   // nobody listens, or the name does not resolve
    Broken,         // the connection broke before the answer
    Timeout,        // limits::kPageTime
    ServerError,    // 5xx
    DatabaseError,  // WordPress has no database, whatever the status
    PageError,      // an error's page, half a page, a redirect to itself
    WrongStatus,
    WrongSite,   // another tenant's
    WrongBytes,  // of a media file
};
[[nodiscard]] std::string_view to_string(Trouble trouble);  // "database error"
// Not only down, but something else than it should be.
[[nodiscard]] constexpr bool is_mismatch(Trouble trouble) {
    return trouble == Trouble::WrongSite || trouble == Trouble::WrongBytes;
}

struct PageProbe {
    PageKind kind = PageKind::Front;
    int status = 0;  // 0: no answer
    double latency_ms = 0;
    std::uint64_t bytes = 0;
    std::string sha256 = {};  // of a media file
    // To the site's own name: how WordPress answers at the service's URL.
    bool is_redirect = false;
    bool is_reached = false;  // there was a connection
    Trouble trouble = Trouble::None;
    std::string what = {};  // the trouble in words

    [[nodiscard]] bool is_good() const { return trouble == Trouble::None; }
};

// Errors: Cancelled and DeadlineExceeded of the context; whatever the site does is a value.
[[nodiscard]] Result<PageProbe> probe_page(Context const& context, Visitor& visitor,
                                           SitePlan const& plan, PlannedPage const& page);

struct ProbeRound {
    std::vector<PageProbe> pages = {};

    [[nodiscard]] bool is_good() const;
};
// All pages of the plan. Errors: as probe_page().
[[nodiscard]] Result<ProbeRound> probe(Context const& context, Visitor& visitor,
                                       SitePlan const& plan);

}  // namespace aipress::sites
