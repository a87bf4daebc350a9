#include "sandbox/metric_filter.h"

#include <algorithm>
#include <fmt/format.h>

#include "sandbox/service.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kBlanks = " \t\r\n";

ApiError invalid_filter(std::string_view text) {
    return {.code = ErrorCode::InvalidArgument,
            .message = fmt::format(
                "Field filter had an invalid value of \"{}\": The filter syntax is not one that "
                "this server understands: FIELD = \"VALUE\", FIELD != \"VALUE\" and FIELD = "
                "starts_with(\"VALUE\"), joined by AND.",
                text)};
}

void skip_blanks(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
}

bool take(std::string_view& rest, std::string_view what) {
    skip_blanks(rest);
    if (!rest.starts_with(what)) return false;
    rest.remove_prefix(what.size());
    return true;
}

std::string take_word(std::string_view& rest) {
    skip_blanks(rest);
    auto const end = std::min(rest.find_first_of(" \t\r\n=!<>:()\"'"), rest.size());
    std::string word(rest.substr(0, end));
    rest.remove_prefix(end);
    return word;
}

// nullopt: there is none, or it is not closed.
std::optional<std::string> take_quoted(std::string_view& rest) {
    skip_blanks(rest);
    if (rest.empty() || (rest.front() != '"' && rest.front() != '\'')) return std::nullopt;
    char const mark = rest.front();
    std::string text;
    for (std::size_t at = 1; at < rest.size(); ++at) {
        if (rest[at] == mark) {
            rest.remove_prefix(at + 1);
            return text;
        }
        if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
        text += rest[at];
    }
    return std::nullopt;
}

}  // namespace

Outcome<MetricFilter> MetricFilter::parse(std::string_view text) {
    MetricFilter filter;
    auto rest = text;
    for (skip_blanks(rest); !rest.empty(); skip_blanks(rest)) {
        if (!filter.terms_.empty()) take(rest, "AND ");  // may be left out
        auto field = take_word(rest);
        if (field.ends_with('.')) field += take_quoted(rest).value_or("");  // resource.label."x"
        Term term;
        term.owner = field.substr(0, field.find('.'));
        auto const what = field.substr(std::min(term.owner.size() + 1, field.size()));
        for (std::string_view const prefix : {"labels.", "label."}) {
            if (what.starts_with(prefix)) term.label = what.substr(prefix.size());
        }
        bool const is_owner = term.owner == "metric" || term.owner == "resource";
        if (!is_owner || (what != "type" && term.label.empty())) return invalid_filter(text);
        if (take(rest, "!=")) {
            term.test = Term::Test::Unequal;
        } else if (!take(rest, "=")) {
            return invalid_filter(text);
        }
        bool const is_prefix = take(rest, "starts_with(");
        if (is_prefix && term.test == Term::Test::Unequal) return invalid_filter(text);
        if (is_prefix) term.test = Term::Test::StartsWith;
        auto value = take_quoted(rest);
        if (!value && !is_prefix) value = take_word(rest);
        if (!value || value->empty()) return invalid_filter(text);
        if (is_prefix && !take(rest, ")")) return invalid_filter(text);
        term.value = std::move(*value);
        filter.terms_.push_back(std::move(term));
    }
    return filter;
}

std::string MetricFilter::metric_type() const {
    for (auto const& term : terms_) {
        bool const is_type = term.owner == "metric" && term.label.empty();
        if (is_type && term.test == Term::Test::Equal) return term.value;
    }
    return {};
}

bool MetricFilter::matches(json::object const& series) const {
    return std::all_of(terms_.begin(), terms_.end(), [&](Term const& term) {
        auto const& owner = series.at(term.owner).as_object();
        std::string value;
        if (term.label.empty()) {
            value = text_field(owner, "type");
        } else if (auto const* const labels = owner.if_contains("labels")) {
            value = text_field(labels->as_object(), term.label);
        }
        if (term.test == Term::Test::StartsWith) return value.starts_with(term.value);
        return (value == term.value) == (term.test == Term::Test::Equal);
    });
}

}  // namespace aipress::sandbox
