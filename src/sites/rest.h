// What is asked of WordPress's REST API. https://developer.wordpress.org/rest-api/
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sites/visit.h"

namespace aipress::sites {

struct RestRoot {
    std::string title = {};
    std::string tagline = {};
    std::string home = {};
};
// nullopt: it is no answer of the API's root.
[[nodiscard]] std::optional<RestRoot> read_rest_root(std::string_view body);

// Not thread safe. Either way of the API: "/wp-json/…" or "/?rest_route=/…", for a site whose
// permalinks are plain.
class RestApi {
public:
    // Asks for both. Errors: those of Visitor. An API that nobody answers is is_there() == false.
    [[nodiscard]] static Result<RestApi> find(Context const& context, Visitor& visitor);

    [[nodiscard]] bool is_there() const { return root_.has_value(); }
    // REQUIRES: is_there().
    [[nodiscard]] RestRoot const& root() const { return *root_; }
    // Of its root: "/wp-json/".
    [[nodiscard]] std::string const& target() const { return target_; }
    // The status that its root has; 404 or 401 where a plugin hides it.
    [[nodiscard]] int status() const { return status_; }

    // `route`: "wp/v2/posts", `query`: "per_page=1". Errors: those of Visitor.
    struct Answer {
        int status = 0;
        boost::json::value value = nullptr;       // null when it is no JSON
        std::optional<std::uint64_t> total = {};  // X-WP-Total: how many there are on all pages
    };
    [[nodiscard]] Result<Answer> get(Context const& context, std::string_view route,
                                     std::string_view query);

private:
    explicit RestApi(Visitor& visitor) : visitor_(&visitor) {}

    Visitor* visitor_;
    std::string target_ = "/wp-json/";
    int status_ = 0;
    std::optional<RestRoot> root_ = {};
};

// A member of an object, when it is a string; "" when not.
[[nodiscard]] std::string rest_text(boost::json::value const& value, std::string_view member);

}  // namespace aipress::sites
