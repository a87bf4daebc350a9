#include "poc/text_source.h"

#include <array>
#include <cctype>
#include <fmt/format.h>
#include <string_view>

namespace aipress::poc {
namespace {

constexpr std::array<std::string_view, 40> kWords = {
    "the",    "garden",  "of",      "bread",    "winter",  "recipe", "naïve",   "café",
    "router", "station", "it's",    "\"very\"", "quiet",   "moon",   "Łódź",    "straße",
    "and",    "with",    "without", "before",   "journey", "river",  "🍞",      "👩‍🚀",
    "letter", "number",  "hundred", "thirty",   "sailing", "a",      "window",  "日本語",
    "paper",  "travel",  "coffee",  "Пётр",     "night",   "market", "C:\\new", "50 %"};

}  // namespace

std::string TextSource::sentence() {
    std::string text;
    for (auto words = 6 + number(12); words > 0; --words) {
        if (!text.empty()) text += ' ';
        text += kWords[number(kWords.size())];
    }
    return text + (number(9) == 0 ? "!" : ".");
}

std::string TextSource::article(std::size_t bytes) {
    std::string text;
    text.reserve(bytes + 256);
    while (text.size() < bytes) {
        text += "<!-- wp:paragraph -->\n<p>";
        for (auto sentences = 3 + number(4); sentences > 0; --sentences) text += sentence() + " ";
        text += fmt::format("<a href=\"https://example.test/{}?a=1&amp;b=2\">{}</a></p>\n",
                            number(100'000), sentence());
        text += "<!-- /wp:paragraph -->\n\n";
    }
    return text;
}

std::string TextSource::serialized(std::size_t bytes) {
    std::string items;
    std::size_t count = 0;
    while (items.size() < bytes) {
        auto const value = sentence();
        items += fmt::format("i:{};s:{}:\"{}\";", count++, value.size(), value);
    }
    return fmt::format("a:2:{{s:5:\"title\";s:4:\"page\";s:5:\"items\";a:{}:{{{}}}}}", count,
                       items);
}

std::string TextSource::date() {
    return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}", 2012 + number(13), 1 + number(12),
                       1 + number(28), number(24), number(60), number(60));
}

std::string TextSource::bytes(std::size_t count) {
    std::string result(count, '\0');
    for (auto& byte : result) byte = static_cast<char>(number(256));
    return result;
}

}  // namespace aipress::poc
