#include "sites/rest.h"

#include <boost/json/parse.hpp>
#include <charconv>
#include <fmt/format.h>

namespace aipress::sites {
namespace {

namespace json = boost::json;

json::value parsed(std::string_view text) {
    boost::system::error_code failure;
    // A byte order mark, or a blank line of some plugin's file.
    auto const begin = text.find_first_of("{[");
    if (begin == text.npos) return nullptr;
    auto value = json::parse(text.substr(begin), failure);
    return failure ? json::value(nullptr) : value;
}

}  // namespace

std::string rest_text(json::value const& value, std::string_view member) {
    auto const* const object = value.if_object();
    auto const* const found = object == nullptr ? nullptr : object->if_contains(member);
    if (found == nullptr || !found->is_string()) return "";
    return std::string(found->get_string());
}

std::optional<RestRoot> read_rest_root(std::string_view body) {
    auto const value = parsed(body);
    auto const* const object = value.if_object();
    if (object == nullptr || !object->contains("name") || !object->contains("namespaces")) {
        return std::nullopt;
    }
    return RestRoot{.title = rest_text(value, "name"),
                    .tagline = rest_text(value, "description"),
                    .home = rest_text(value, "home")};
}

Result<RestApi> RestApi::find(Context const& context, Visitor& visitor) {
    RestApi api(visitor);
    for (auto const* const target : {"/wp-json/", "/?rest_route=/"}) {
        auto const page = TRY(visitor.get(context, target));
        auto root = page.status == 200 ? read_rest_root(page.body) : std::nullopt;
        if (api.status_ == 0) api.status_ = page.status;
        if (!root) continue;
        api.target_ = target;
        api.status_ = page.status;
        api.root_ = std::move(root);
        break;
    }
    return api;
}

Result<RestApi::Answer> RestApi::get(Context const& context, std::string_view route,
                                     std::string_view query) {
    bool const has_query = target_.find('?') != target_.npos;
    auto const page = TRY(visitor_->get(
        context, fmt::format("{}{}{}{}", target_, route, has_query ? '&' : '?', query)));
    Answer answer{.status = page.status, .value = parsed(page.body)};
    auto const total = page.headers.find("X-WP-Total").value_or("");
    std::uint64_t number = 0;
    auto const [end, failure] = std::from_chars(total.data(), total.data() + total.size(), number);
    if (page.status == 200 && failure == std::errc() && end == total.data() + total.size()) {
        answer.total = number;
    }
    return answer;
}

}  // namespace aipress::sites
