#include "sites/facts.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "sites/page_faults.h"
#include "sites/rest.h"

namespace aipress::sites {
namespace {

// "…/wp-content/themes/twentytwentythree/style.css" is "twentytwentythree".
std::string theme_of(std::string_view html) {
    static constexpr std::string_view kFolder = "/wp-content/themes/";
    auto const found = html.find(kFolder);
    if (found == html.npos) return "";
    auto const rest = html.substr(found + kFolder.size());
    auto const end = rest.find_first_of("/\"'?\\ ");
    return end == rest.npos ? "" : std::string(rest.substr(0, end));
}

Result<std::optional<std::uint64_t>> count(Context const& context, RestApi& api,
                                           std::string_view collection) {
    auto const answer =
        TRY(api.get(context, fmt::format("wp/v2/{}", collection), "per_page=1&_fields=id"));
    return answer.total;
}

Result<void> read_posts(Context const& context, RestApi& api, ContentFacts& facts) {
    auto const posts =
        TRY(api.get(context, "wp/v2/posts", "per_page=1&_fields=id,link&orderby=id"));
    facts.posts = posts.total;
    auto const* const list = posts.value.if_array();
    if (list == nullptr || list->empty()) return {};
    facts.newest_post = url_parts(rest_text(list->at(0), "link")).target;
    facts.permalinks = facts.newest_post.starts_with("/?p=") ? ContentFacts::Permalinks::Plain
                                                             : ContentFacts::Permalinks::Pretty;
    return {};
}

std::string text(std::optional<std::uint64_t> number) {
    return number ? fmt::format("{}", *number) : "unknown";
}

}  // namespace

Result<ContentFacts> read_content_facts(Context const& context, Visitor& visitor) {
    ContentFacts facts;
    auto const front = TRY(visitor.get(context, "/"));
    if (auto const fault = find_fault(front, PageKind::Front)) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{}: front page: {}", visitor.way().host, fault->what));
    }
    facts.theme = theme_of(front.body);
    auto api = TRY(RestApi::find(context, visitor));
    if (!api.is_there()) return facts;
    facts.title = api.root().title;
    facts.tagline = api.root().tagline;
    facts.home = api.root().home;
    TRY(read_posts(context, api, facts));
    facts.pages = TRY(count(context, api, "pages"));
    facts.comments = TRY(count(context, api, "comments"));
    facts.media = TRY(count(context, api, "media"));
    return facts;
}

std::vector<FactDifference> compare_facts(ContentFacts const& before, ContentFacts const& after) {
    using Kind = FactDifference::Kind;
    std::vector<FactDifference> all;
    auto const compare_text = [&](std::string what, std::string const& was, std::string const& is) {
        if (was.empty() || was == is) return;
        all.push_back({is.empty() ? Kind::Lost : Kind::Changed, std::move(what), was, is});
    };
    auto const compare_count = [&](std::string what, std::optional<std::uint64_t> was,
                                   std::optional<std::uint64_t> is) {
        if (!was || was == is) return;
        auto const kind = is && *is > *was ? Kind::Grown : Kind::Lost;
        all.push_back({kind, std::move(what), text(was), text(is)});
    };
    compare_text("title", before.title, after.title);
    compare_text("tagline", before.tagline, after.tagline);
    compare_text("home", url_parts(before.home).host, url_parts(after.home).host);
    compare_text("theme", before.theme, after.theme);
    bool const is_plain_now = after.permalinks == ContentFacts::Permalinks::Plain;
    if (before.permalinks == ContentFacts::Permalinks::Pretty && is_plain_now) {
        all.push_back({Kind::Changed, "permalinks", "pretty", "plain"});
    }
    compare_count("posts", before.posts, after.posts);
    compare_count("pages", before.pages, after.pages);
    compare_count("comments", before.comments, after.comments);
    compare_count("media", before.media, after.media);
    return all;
}

}  // namespace aipress::sites
