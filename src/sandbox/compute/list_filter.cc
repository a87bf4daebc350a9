#include "sandbox/compute/list_filter.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <map>
#include <optional>
#include <regex>

#include "http/headers.h"
#include "sandbox/compute/documents.h"

namespace aipress::sandbox::compute {
namespace {

namespace json = boost::json;

constexpr std::size_t kTermsMost = 100;
constexpr std::size_t kPatternBytes = 1000;  // of a regular expression: std::regex recurses

// Words, quoted texts and the signs ( ) = != : of a filter. A text keeps its quote in front.
class Words {
public:
    explicit Words(std::string_view text) : rest_(text) {}

    // "" at the end.
    std::string next() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
        if (rest_.empty()) return "";
        if (rest_[0] == '"' || rest_[0] == '\'') return quoted();
        std::size_t const sign = sign_length();
        std::size_t const length =
            sign != 0 ? sign : std::min(rest_.find_first_of(" \t\n()=!:<>\"'"), rest_.size());
        auto word = std::string(rest_.substr(0, std::max<std::size_t>(length, 1)));
        rest_.remove_prefix(word.size());
        return word;
    }
    // A value: everything up to a blank or a closing bracket.
    std::string next_value() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
        if (!rest_.empty() && (rest_[0] == '"' || rest_[0] == '\'')) return quoted().substr(1);
        std::size_t length = 0;
        for (int depth = 0; length < rest_.size() && rest_[length] != ' '; ++length) {
            if (rest_[length] == '(') ++depth;
            if (rest_[length] == ')' && --depth < 0) break;
        }
        auto word = std::string(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return word;
    }

private:
    [[nodiscard]] std::size_t sign_length() const {
        if (rest_.starts_with("!=")) return 2;
        return std::string_view("()=:<>!").find(rest_[0]) != std::string_view::npos ? 1 : 0;
    }
    std::string quoted() {
        char const quote = rest_[0];
        std::string text = "\"";
        std::size_t at = 1;
        for (; at < rest_.size() && rest_[at] != quote; ++at) {
            if (rest_[at] == '\\' && at + 1 < rest_.size() &&
                (rest_[at + 1] == quote || rest_[at + 1] == '\\')) {
                ++at;
            }
            text += rest_[at];
        }
        rest_.remove_prefix(std::min(at + 1, rest_.size()));
        return text;
    }

    std::string_view rest_;
};

std::optional<std::string> value_at(json::object const& resource, std::string_view field) {
    auto const* object = &resource;
    while (true) {
        auto const dot = field.find('.');
        auto const* const value = object->if_contains(field.substr(0, dot));
        if (value == nullptr) return std::nullopt;
        if (dot == field.npos) {
            return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
        }
        object = value->if_object();
        if (object == nullptr) return std::nullopt;
        field.remove_prefix(dot + 1);
    }
}

// "*" stands for anything.
bool matches_wildcard(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') {
        for (std::size_t at = 0; at <= text.size(); ++at) {
            if (matches_wildcard(text.substr(at), pattern.substr(1))) return true;
        }
        return false;
    }
    return !text.empty() && http::equal_ignoring_case(text.substr(0, 1), pattern.substr(0, 1)) &&
           matches_wildcard(text.substr(1), pattern.substr(1));
}

std::optional<std::regex> regex_of(std::string const& text) {
    if (text.size() > kPatternBytes) return std::nullopt;
    try {
        return std::regex(text, std::regex::ECMAScript);
    } catch (std::regex_error const&) {
        return std::nullopt;
    }
}

}  // namespace

Outcome<ListFilter> ListFilter::parse(std::string_view text) {
    static std::map<std::string, Relation, std::less<>> const relations{
        {"=", Relation::Equal},    {"!=", Relation::NotEqual},   {":", Relation::Has},
        {"eq", Relation::Matches}, {"ne", Relation::MatchesNot},
    };
    auto const invalid = invalid_value("filter", text, "Invalid list filter expression.");
    ListFilter filter;
    Words words(text);
    int depth = 0;
    for (auto word = words.next(); !word.empty(); word = words.next()) {
        if (word == "AND" || word == "and") continue;
        if (word == "(" || word == ")") {
            depth += word == "(" ? 1 : -1;
            if (depth < 0) return invalid;
            continue;
        }
        auto const relation = relations.find(words.next());
        if (relation == relations.end() || filter.terms_.size() == kTermsMost) return invalid;
        Term term{.field = word, .relation = relation->second, .value = words.next_value()};
        bool const is_pattern =
            term.relation == Relation::Matches || term.relation == Relation::MatchesNot;
        if (is_pattern && !regex_of(term.value)) return invalid;
        if (std::count(term.value.begin(), term.value.end(), '*') > 4 && !is_pattern) {
            return invalid;
        }
        filter.terms_.push_back(std::move(term));
    }
    if (depth != 0) return invalid;
    return filter;
}

bool ListFilter::holds(Term const& term, json::object const& resource) {
    auto const value = value_at(resource, term.field);
    switch (term.relation) {
        case Relation::Equal:
            return value && matches_wildcard(*value, term.value);
        case Relation::NotEqual:
            return !value || !matches_wildcard(*value, term.value);
        case Relation::Has:
            return value && matches_wildcard(*value, "*" + term.value + "*");
        case Relation::Matches:
            return value && std::regex_match(*value, *regex_of(term.value));
        case Relation::MatchesNot:
            return !value || !std::regex_match(*value, *regex_of(term.value));
    }
    return false;
}

bool ListFilter::matches(json::object const& resource) const {
    return std::all_of(terms_.begin(), terms_.end(),
                       [&](Term const& term) { return holds(term, resource); });
}

}  // namespace aipress::sandbox::compute
