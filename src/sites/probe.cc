#include "sites/probe.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/sha256.h"
#include "sites/page_faults.h"
#include "sites/rest.h"

namespace aipress::sites {
namespace {

constexpr std::size_t kShownTitle = 80;

Trouble trouble_of(ErrorCode code, bool is_reached) {
    if (code == ErrorCode::DeadlineExceeded) return Trouble::Timeout;
    return is_reached ? Trouble::Broken : Trouble::NoConnection;
}

void blame(PageProbe& probe, Trouble trouble, std::string what) {
    probe.trouble = trouble;
    probe.what = fmt::format("{}: {}", to_string(probe.kind), what);
}

std::string shown(std::string const& text) {
    return text.size() <= kShownTitle ? text : text.substr(0, kShownTitle) + "…";
}

// Its REST API's root says who a site is.
void check_identity(PageProbe& probe, Page const& page, SitePlan const& plan,
                    VantagePoint const& way) {
    auto const root = read_rest_root(page.body);
    if (!root) return blame(probe, Trouble::PageError, "its answer is no REST API's");
    if (root->title != plan.title) {
        return blame(probe, Trouble::WrongSite,
                     fmt::format("another site answers: \"{}\", not \"{}\"", shown(root->title),
                                 shown(plan.title)));
    }
    // Where a site takes its home from the request, it is the name that it was asked by.
    auto const host = url_parts(root->home).host;
    if (host != plan.host && host != way.host) {
        blame(probe, Trouble::WrongSite,
              fmt::format("its home is \"{}\", not {}", shown(root->home), plan.host));
    }
}

// To another address of the same site; none for what is no redirect, or leads nowhere.
bool is_redirect_home(Page const& page, SitePlan const& plan, VantagePoint const& way,
                      std::string_view target) {
    bool const is_redirect = page.status == 301 || page.status == 302 || page.status == 303 ||
                             page.status == 307 || page.status == 308;
    if (!is_redirect) return false;
    auto const to = url_parts(page.headers.find("Location").value_or(""));
    if (to.host.empty()) return !to.target.empty() && to.target != target;
    if (to.host != plan.host && to.host != way.host) return false;
    return to.host != way.host || to.target != target ||
           (!to.scheme.empty() && to.scheme != way.scheme);
}

void judge_page(PageProbe& probe, Page const& page, SitePlan const& plan, VantagePoint const& way,
                PlannedPage const& wanted) {
    if (auto const fault = find_fault(page, wanted.kind)) {
        return blame(probe, fault->trouble, fault->what);
    }
    if (is_redirect_home(page, plan, way, wanted.target)) {
        probe.is_redirect = true;
        return;
    }
    if (page.status != wanted.status) {
        auto const to = page.headers.find("Location");
        return blame(probe, Trouble::WrongStatus,
                     fmt::format("{} instead of {}{}", page.status, wanted.status,
                                 to ? fmt::format(", to \"{}\"", url_parts(*to).host) : ""));
    }
    if (page.status != 200) return;  // what is hidden is still hidden
    switch (wanted.kind) {
        case PageKind::Rest:
            return check_identity(probe, page, plan, way);
        case PageKind::Media:
            if (!wanted.sha256.empty() && probe.sha256 != wanted.sha256) {
                blame(probe, Trouble::WrongBytes,
                      fmt::format("other bytes: {} with SHA-256 {}…, not {}…", page.body.size(),
                                  probe.sha256.substr(0, 12), wanted.sha256.substr(0, 12)));
            }
            return;
        case PageKind::Front:
        case PageKind::Post:
        case PageKind::Login:
            if (!is_whole_html(page.body)) {
                blame(probe, Trouble::PageError, "the page is cut off");
            }
            return;
    }
}

}  // namespace

std::string_view to_string(PageKind kind) {
    static constexpr std::array<std::string_view, 5> kNames{"front page", "post", "login page",
                                                            "REST API", "media file"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Trouble trouble) {
    static constexpr std::array<std::string_view, 10> kNames{
        "none",           "no connection", "connection broken", "timeout",    "server error",
        "database error", "page error",    "wrong status",      "wrong site", "wrong bytes"};
    return kNames[static_cast<std::size_t>(trouble)];
}

PlannedPage const* SitePlan::find(PageKind kind) const {
    auto const found = std::find_if(pages.begin(), pages.end(),
                                    [&](auto const& page) { return page.kind == kind; });
    return found == pages.end() ? nullptr : &*found;
}

bool ProbeRound::is_good() const {
    return std::all_of(pages.begin(), pages.end(), [](auto const& page) { return page.is_good(); });
}

Result<PageProbe> probe_page(Context const& context, Visitor& visitor, SitePlan const& plan,
                             PlannedPage const& page) {
    PageProbe probe{.kind = page.kind};
    auto const answer = visitor.get(context, page.target);
    probe.is_reached = visitor.was_reached();
    if (!answer.ok()) {
        if (context.stopped() || context.expired()) return answer.error();
        blame(probe, trouble_of(answer.error().code(), probe.is_reached), answer.error().message());
        return probe;
    }
    probe.status = answer.value().status;
    probe.latency_ms = answer.value().latency_ms;
    probe.bytes = answer.value().body.size();
    if (page.kind == PageKind::Media) probe.sha256 = sha256_hex(answer.value().body);
    judge_page(probe, answer.value(), plan, visitor.way(), page);
    return probe;
}

Result<ProbeRound> probe(Context const& context, Visitor& visitor, SitePlan const& plan) {
    ProbeRound round;
    for (auto const& page : plan.pages) {
        round.pages.push_back(TRY(probe_page(context, visitor, plan, page)));
    }
    return round;
}

}  // namespace aipress::sites
