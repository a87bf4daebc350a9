// What WordPress and PHP show instead of a page, often with a status that does not say so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sites/probe.h"

namespace aipress::sites {

struct PageFault {
    Trouble trouble = Trouble::None;
    std::string what = {};
};

// WordPress's page without a database (wp-includes/functions.php, dead_db(), and its short form of
// wp-includes/class-wpdb.php), wp_die()'s and PHP's own errors, and any 5xx. An article about such
// an error is none. nullopt: none of it.
[[nodiscard]] std::optional<PageFault> find_fault(Page const& page, PageKind kind);

// Whether a page has come to its end.
[[nodiscard]] bool is_whole_html(std::string_view body);

}  // namespace aipress::sites
