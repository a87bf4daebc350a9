#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/sha256.h"
#include "sites/page_faults.h"
#include "sites/probe.h"
#include "sites/rest.h"

namespace aipress::sites {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMediaBytes = 4u << 20;
constexpr std::string_view kMediaAsked = "20";

Error not_well(std::string_view host, std::string_view what) {
    return {ErrorCode::FailedPrecondition,
            fmt::format("{} is not well: {}; look at it in a browser, mend it and try again", host,
                        what)};
}

// The page as it answers now; none when there is none.
Result<std::optional<PlannedPage>> plan_page(Context const& context, Visitor& visitor,
                                             PageKind kind, std::string target) {
    auto const page = TRY(visitor.get(context, target));
    if (auto const fault = find_fault(page, kind)) {
        return not_well(visitor.way().host, fmt::format("{}: {}", to_string(kind), fault->what));
    }
    if (kind == PageKind::Front && page.status >= 400) {
        return not_well(visitor.way().host, fmt::format("front page: status {}", page.status));
    }
    return std::optional(
        PlannedPage{.kind = kind, .target = std::move(target), .status = page.status});
}

Result<std::string> newest_post(Context const& context, RestApi& api) {
    auto const posts =
        TRY(api.get(context, "wp/v2/posts", "per_page=1&_fields=id,link&orderby=id"));
    auto const* const list = posts.value.if_array();
    if (list == nullptr || list->empty()) return std::string();
    return url_parts(rest_text(list->at(0), "link")).target;
}

std::uint64_t size_of(json::value const& media) {
    boost::system::error_code failure;
    auto const* const size = media.find_pointer("/media_details/filesize", failure);
    return size != nullptr && size->is_int64() ? static_cast<std::uint64_t>(size->get_int64()) : 0;
}

// Of the site's own host: what another one serves does not move with it.
Result<std::optional<PlannedPage>> plan_media(Context const& context, Visitor& visitor,
                                              RestApi& api, std::string_view host) {
    auto const media = TRY(api.get(
        context, "wp/v2/media",
        fmt::format("per_page={}&_fields=source_url,media_details&orderby=id", kMediaAsked)));
    auto const* const list = media.value.if_array();
    if (list == nullptr) return std::optional<PlannedPage>();
    for (auto const& one : *list) {
        auto const url = url_parts(rest_text(one, "source_url"));
        if (url.host != host && url.host != visitor.way().host) continue;
        if (size_of(one) > kMediaBytes) continue;
        auto const file = TRY(visitor.get(context, url.target));
        if (file.status != 200) continue;
        return std::optional(PlannedPage{
            .kind = PageKind::Media, .target = url.target, .sha256 = sha256_hex(file.body)});
    }
    return std::optional<PlannedPage>();
}

}  // namespace

Result<SitePlan> plan_site(Context const& context, Visitor& visitor, std::string host) {
    SitePlan plan{.host = std::move(host)};
    auto const add = [&](std::optional<PlannedPage> page) {
        if (page) plan.pages.push_back(std::move(*page));
    };
    add(TRY(plan_page(context, visitor, PageKind::Front, "/")));
    auto api = TRY(RestApi::find(context, visitor));
    if (api.is_there()) {
        auto post = TRY(newest_post(context, api));
        if (!post.empty()) {
            add(TRY(plan_page(context, visitor, PageKind::Post, std::move(post))));
        }
    }
    add(TRY(plan_page(context, visitor, PageKind::Login, "/wp-login.php")));
    if (!api.is_there()) return plan;
    plan.title = api.root().title;
    plan.pages.push_back({.kind = PageKind::Rest, .target = api.target()});
    add(TRY(plan_media(context, visitor, api, plan.host)));
    return plan;
}

}  // namespace aipress::sites
