#include "sites/page_faults.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>

namespace aipress::sites {
namespace {

constexpr std::string_view kNoDatabase = "Error establishing a database connection";
constexpr std::size_t kTail = 4'096;

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

std::string_view without_blanks(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \r\n\t"), text.size()));
    return text;
}

bool is_database_page(std::string_view body) {
    // A theme's heading has a class, an article's is in a page of its own: this one has neither.
    return has(body, fmt::format("<h1>{}</h1>", kNoDatabase)) ||
           without_blanks(body).starts_with(kNoDatabase);
}

}  // namespace

std::optional<PageFault> find_fault(Page const& page, PageKind kind) {
    bool const is_text = kind != PageKind::Media || page.status != 200;
    std::string_view const body = is_text ? std::string_view(page.body) : std::string_view();
    if (is_database_page(body)) {
        return PageFault{Trouble::DatabaseError,
                         fmt::format("WordPress has no database (status {})", page.status)};
    }
    if (page.status >= 500) {
        return PageFault{Trouble::ServerError, fmt::format("status {}", page.status)};
    }
    if (page.status == 200 && has(body, "<body id=\"error-page\">")) {
        return PageFault{Trouble::PageError, "WordPress's page for an error"};
    }
    static constexpr std::array<std::string_view, 2> kPhpErrors{"<b>Fatal error</b>:",
                                                                "<b>Parse error</b>:"};
    for (auto const error : kPhpErrors) {
        // With display_errors it is the end of what was a page: nothing comes behind it.
        if (has(body, error) && !is_whole_html(body)) {
            return PageFault{Trouble::PageError, "PHP's message of an error"};
        }
    }
    return std::nullopt;
}

bool is_whole_html(std::string_view body) {
    auto const tail = body.substr(body.size() - std::min(body.size(), kTail));
    static constexpr std::string_view kEnd = "</html>";
    return std::search(tail.begin(), tail.end(), kEnd.begin(), kEnd.end(), [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) == b;
           }) != tail.end();
}

}  // namespace aipress::sites
