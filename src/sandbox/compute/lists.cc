// The lists of compute/resources.h.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "sandbox/compute/list_filter.h"
#include "sandbox/compute/locations.h"
#include "sandbox/compute/resources.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::size_t kPageMost = 500;
constexpr std::size_t kScanned = 500;  // documents at a time

// Outcome<std::size_t>: Google refuses what is out of range here.
Outcome<std::size_t> page_size_of(Call const& call) {
    auto const text = call.query("maxResults");
    if (text.empty()) return kPageMost;
    std::size_t wanted = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), wanted);
    if (failure != std::errc() || end != text.data() + text.size() || wanted > kPageMost) {
        return invalid_value("maxResults", text, "Acceptable values are 0 to 500, inclusive.");
    }
    return wanted == 0 ? kPageMost : wanted;
}

enum class Order { Name, NewestFirst };

Outcome<Order> order_of(Call const& call) {
    auto const order = call.query("orderBy");
    if (order.empty() || order == "name") return Order::Name;
    if (order == "creationTimestamp desc") return Order::NewestFirst;
    return invalid_value("orderBy", order, "Only name and creationTimestamp desc are supported.");
}

std::string list_type(Kind const& kind, std::string_view suffix) {
    return fmt::format("{}{}", kind.type, suffix);
}

json::object no_results(std::string_view scope) {
    return {{"code", "NO_RESULTS_ON_PAGE"},
            {"message", fmt::format("There are no results for scope '{}' on this page.", scope)},
            {"data", json::array{json::object{{"key", "scope"}, {"value", scope}}}}};
}

struct Found {
    json::array items = {};
    std::string next = {};  // where the next page begins; empty: there is none
};

using View = std::function<Outcome<json::object>(Document const&)>;

// Those below `prefix` from `start` on that the filter lets through, at most `most`.
Outcome<Found> scan(Transaction& transaction, std::string const& prefix, std::string start,
                    std::size_t most, ListFilter const& filter, View const& view) {
    Found found;
    do {
        auto const page = TRY(transaction.list(kResources, prefix, start, kScanned));
        start = page.next;
        for (auto const& document : page.documents) {
            auto shown = TRY(view(document));
            if (!filter.matches(shown)) continue;
            if (found.items.size() == most) {
                found.next = document.name;
                return found;
            }
            found.items.push_back(std::move(shown));
        }
    } while (!start.empty());
    return found;
}

// A page of all, the newest first; it begins behind so many.
Outcome<Found> newest_first(Found all, std::string const& start, std::size_t most) {
    std::stable_sort(all.items.begin(), all.items.end(), [](auto const& a, auto const& b) {
        return text_field(a.as_object(), "creationTimestamp") >
               text_field(b.as_object(), "creationTimestamp");
    });
    std::size_t from = 0;
    std::from_chars(start.data(), start.data() + start.size(), from);
    Found page;
    for (; from < all.items.size() && page.items.size() < most; ++from) {
        page.items.push_back(all.items[from]);
    }
    if (from < all.items.size()) page.next = fmt::format("{}", from);
    return page;
}

void add_next(json::object& result, std::string const& next) {
    if (!next.empty()) result["nextPageToken"] = page_token(next);
}

}  // namespace

Outcome<Reply> Resources::list(Call& call, Kind const& kind) {
    auto const filter = TRY(ListFilter::parse(call.query("filter")));
    auto const most = TRY(page_size_of(call));
    auto const order = TRY(order_of(call));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call));
        auto const prefix = place.path(kind.collection, "");
        auto const shown = [&](Document const& document) {
            return view(transaction, document, kind);
        };
        bool const is_by_name = order == Order::Name;
        auto found = TRY(scan(transaction, prefix, is_by_name ? start : "",
                              is_by_name ? most : std::size_t(-1), filter, shown));
        if (!is_by_name) found = TRY(newest_first(std::move(found), start, most));
        auto const id = prefix.substr(0, prefix.size() - 1);
        json::object result{
            {"kind", list_type(kind, "List")}, {"id", id}, {"selfLink", link_of(id)}};
        if (!found.items.empty()) result["items"] = std::move(found.items);
        add_next(result, found.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Resources::aggregated_list(Call& call, Kind const& kind) {
    auto const filter = TRY(ListFilter::parse(call.query("filter")));
    auto const most = TRY(page_size_of(call));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto place = TRY(place_of(transaction, call));
        auto const shown = [&](Document const& document) {
            return view(transaction, document, kind);
        };
        std::size_t count = 0;
        std::string next;
        json::object items;
        // In the byte order of their prefixes, so that a path tells where a page begins.
        for (auto const& scope : all_scopes()) {
            place.scope = scope;
            auto const prefix = place.path(kind.collection, "");
            bool const is_past = start > prefix && !start.starts_with(prefix);
            Found found;
            if (!is_past && next.empty()) {
                found = TRY(scan(transaction, prefix, start > prefix ? start : "", most - count,
                                 filter, shown));
                next = found.next;
                count += found.items.size();
            }
            json::object scoped;
            if (found.items.empty()) {
                scoped["warning"] = no_results(scope);
            } else {
                scoped[kind.collection] = std::move(found.items);
            }
            items[scope] = std::move(scoped);
        }
        auto const id = fmt::format("projects/{}/aggregated/{}", place.project.id, kind.collection);
        json::object result{{"kind", list_type(kind, "AggregatedList")},
                            {"id", id},
                            {"selfLink", link_of(id)},
                            {"items", std::move(items)}};
        add_next(result, next);
        return reply(std::move(result));
    });
}

}  // namespace aipress::sandbox::compute
