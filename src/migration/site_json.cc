#include "migration/site_json.h"

#include <array>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <utility>

#include "json/fields.h"

namespace aipress::migration {
namespace {

namespace bj = boost::json;

using sites::ContentFacts;

// Calls back with each object of a list. Errors: InvalidArgument when it is none.
template <typename Visit>
Result<void> each_object(bj::object const& object, char const* field, Visit const& visit) {
    auto const* const list = object.if_contains(field);
    if (list == nullptr || !list->is_array()) {
        return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: expected a list", field));
    }
    for (auto const& item : list->get_array()) {
        if (!item.is_object()) {
            return Error(ErrorCode::InvalidArgument, fmt::format("$.{}: expected objects", field));
        }
        TRY(visit(item.get_object()));
    }
    return {};
}

constexpr std::array<std::pair<char const*, std::string ContentFacts::*>, 5> kTexts{
    {{"title", &ContentFacts::title},
     {"tagline", &ContentFacts::tagline},
     {"home", &ContentFacts::home},
     {"theme", &ContentFacts::theme},
     {"newest_post", &ContentFacts::newest_post}}};
constexpr std::array<std::pair<char const*, std::optional<std::uint64_t> ContentFacts::*>, 4>
    kCounts{{{"posts", &ContentFacts::posts},
             {"pages", &ContentFacts::pages},
             {"comments", &ContentFacts::comments},
             {"media", &ContentFacts::media}}};

}  // namespace

bj::object to_json(sites::SitePlan const& plan) {
    bj::array pages;
    for (auto const& page : plan.pages) {
        pages.push_back(bj::object{{"kind", static_cast<std::int64_t>(page.kind)},
                                   {"target", page.target},
                                   {"status", std::int64_t{page.status}},
                                   {"sha256", page.sha256}});
    }
    return {{"host", plan.host}, {"title", plan.title}, {"pages", std::move(pages)}};
}

Result<sites::SitePlan> site_plan_of(bj::object const& object) {
    sites::SitePlan plan;
    plan.host = TRY(json::get_string(object, "host"));
    plan.title = TRY(json::get_string(object, "title"));
    TRY(each_object(object, "pages", [&](bj::object const& item) -> Result<void> {
        sites::PlannedPage page;
        page.kind = static_cast<sites::PageKind>(TRY(json::get_integer(item, "kind")));
        page.target = TRY(json::get_string(item, "target"));
        page.status = static_cast<int>(TRY(json::get_integer(item, "status")));
        page.sha256 = TRY(json::get_string(item, "sha256"));
        plan.pages.push_back(std::move(page));
        return {};
    }));
    return plan;
}

bj::object to_json(ContentFacts const& facts) {
    bj::object object{{"permalinks", static_cast<std::int64_t>(facts.permalinks)}};
    for (auto const& [name, member] : kTexts) object[name] = facts.*member;
    for (auto const& [name, member] : kCounts) {
        if (facts.*member) object[name] = *(facts.*member);
    }
    return object;
}

Result<ContentFacts> content_facts_of(bj::object const& object) {
    ContentFacts facts;
    facts.permalinks =
        static_cast<ContentFacts::Permalinks>(TRY(json::get_integer(object, "permalinks")));
    for (auto const& [name, member] : kTexts) facts.*member = TRY(json::get_string(object, name));
    for (auto const& [name, member] : kCounts) {
        if (!object.contains(name)) continue;
        facts.*member = static_cast<std::uint64_t>(TRY(json::get_integer(object, name)));
    }
    return facts;
}

}  // namespace aipress::migration
