#include "sandbox/log_filter.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "http/headers.h"
#include "sandbox/log_filter_tokens.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {

namespace json = boost::json;

struct LogFilter::Node {
    enum class Kind { Comparison, And, Or, Not };

    Kind kind = Kind::Comparison;
    std::vector<Node> parts = {};        // of And, Or, Not
    std::vector<std::string> path = {};  // of a comparison
    std::string sign = {};               // "=", "!=", ">", …
    std::string value = {};
};

namespace {

using Node = LogFilter::Node;
using Token = LogFilterToken;

constexpr std::size_t kFilterBytes = 20'000;  // Google's own bound
constexpr int kDepthMost = 50;

constexpr std::array<std::string_view, 15> kFields{
    "logName",     "resource",    "timestamp",    "receiveTimestamp", "severity",
    "insertId",    "labels",      "trace",        "spanId",           "httpRequest",
    "textPayload", "jsonPayload", "protoPayload", "operation",        "sourceLocation"};

constexpr std::array<std::pair<std::string_view, int>, 9> kSeverities{{{"DEFAULT", 0},
                                                                       {"DEBUG", 100},
                                                                       {"INFO", 200},
                                                                       {"NOTICE", 300},
                                                                       {"WARNING", 400},
                                                                       {"ERROR", 500},
                                                                       {"CRITICAL", 600},
                                                                       {"ALERT", 700},
                                                                       {"EMERGENCY", 800}}};

Outcome<std::vector<std::string>> parse_path(std::string const& text) {
    std::vector<std::string> path(1);
    for (char const letter : text) {
        if (letter == '.') {
            path.emplace_back();
        } else {
            path.back() += letter == kQuotedPoint ? '.' : letter;
        }
    }
    bool const is_known = std::find(kFields.begin(), kFields.end(), path.front()) != kFields.end();
    if (!is_known) return unparseable_filter(fmt::format("Field not found: '{}'.", path.front()));
    for (auto const& part : path) {
        if (part.empty())
            return unparseable_filter(fmt::format("the field '{}' is incomplete", text));
    }
    return path;
}

// all := any ([AND] any)*; any := term (OR term)*; term := [NOT | -] ( "(" all ")" | comparison ):
// OR binds stronger than AND in Google's language.
class Parser {
public:
    explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

    Outcome<Node> parse() {
        auto node = TRY(all(0));
        if (peek().kind != Token::Kind::End) return unparseable_filter("unexpected ')'");
        return node;
    }

private:
    [[nodiscard]] Token const& peek() const { return tokens_[at_]; }
    Token take() { return tokens_[peek().kind == Token::Kind::End ? at_ : at_++]; }

    Outcome<Node> all(int depth) {
        Node node{.kind = Node::Kind::And};
        node.parts.push_back(TRY(any(depth)));
        while (peek().kind != Token::Kind::End && peek().kind != Token::Kind::Close) {
            if (peek().is_word("AND")) take();
            node.parts.push_back(TRY(any(depth)));
        }
        return node;
    }
    Outcome<Node> any(int depth) {
        Node node{.kind = Node::Kind::Or};
        node.parts.push_back(TRY(term(depth)));
        while (peek().is_word("OR")) {
            take();
            node.parts.push_back(TRY(term(depth)));
        }
        return node;
    }
    Outcome<Node> term(int depth) {
        if (depth > kDepthMost) return unparseable_filter("it is nested too deep");
        auto token = take();
        if (token.is_word("NOT") || token.is_word("-")) return negated(TRY(term(depth + 1)));
        if (token.kind == Token::Kind::Open) {
            auto node = TRY(all(depth + 1));
            if (take().kind != Token::Kind::Close)
                return unparseable_filter("a parenthesis is not closed");
            return node;
        }
        if (token.kind == Token::Kind::Word && token.text.starts_with('-')) {
            token.text.erase(0, 1);
            return negated(TRY(comparison(token)));
        }
        return comparison(token);
    }
    static Node negated(Node node) {
        Node outer{.kind = Node::Kind::Not};
        outer.parts.push_back(std::move(node));
        return outer;
    }
    Outcome<Node> comparison(Token const& field) {
        if (field.kind != Token::Kind::Word || peek().kind != Token::Kind::Sign) {
            return unparseable_filter(fmt::format(
                "expected FIELD COMPARISON VALUE at '{}': searches for a word and functions are "
                "not served here",
                field.text));
        }
        Node node;
        node.path = TRY(parse_path(field.text));
        node.sign = take().text;
        if (node.sign.ends_with('~')) {
            return unparseable_filter("regular expressions are not served here");
        }
        auto const value = take();
        if (value.kind != Token::Kind::Word && value.kind != Token::Kind::Text) {
            return unparseable_filter(
                fmt::format("expected a value after '{}{}'", field.text, node.sign));
        }
        node.value = value.text;
        TRY(check_value(node));
        if (node.sign != "!=") return node;
        node.sign = "=";
        return negated(std::move(node));
    }
    static Outcome<Done> check_value(Node const& node) {
        auto const& field = node.path.front();
        if (field == "severity" && node.sign != ":" && !severity_rank(node.value)) {
            return unparseable_filter(fmt::format("'{}' is no severity", node.value));
        }
        if ((field == "timestamp" || field == "receiveTimestamp") && !parse_timestamp(node.value)) {
            return unparseable_filter(fmt::format("'{}' is no timestamp", node.value));
        }
        return Done();
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
};

template <typename T>
bool holds(T const& left, std::string_view sign, T const& right) {
    if (sign == "=" || sign == ":") return left == right;
    if (sign == ">") return left > right;
    if (sign == ">=") return left >= right;
    if (sign == "<") return left < right;
    return left <= right;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return result;
}

std::optional<double> number_of(std::string_view text) {
    double number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool value_matches(Node const& node, json::value const& value) {
    if (auto const* const list = value.if_array()) {
        return std::any_of(list->begin(), list->end(),
                           [&](json::value const& one) { return value_matches(node, one); });
    }
    if (node.sign == ":" && node.value == "*") return true;
    if (value.is_object()) return false;
    auto const text = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    if (node.path.front() == "timestamp" || node.path.front() == "receiveTimestamp") {
        auto const time = parse_timestamp(text);
        return time && holds(*time, node.sign, *parse_timestamp(node.value));
    }
    auto const left = number_of(text);
    auto const right = number_of(node.value);
    if (left && right && node.sign != ":") return holds(*left, node.sign, *right);
    if (node.sign == ":") return lower(text).find(lower(node.value)) != std::string::npos;
    return holds(lower(text), node.sign, lower(node.value));
}

bool comparison_matches(Node const& node, json::object const& entry) {
    if (node.path.front() == "severity") {
        auto const* const severity = entry.if_contains("severity");
        auto const rank =
            severity == nullptr ? 0 : severity_rank(severity->as_string()).value_or(0);
        auto const asked = severity_rank(node.value);
        return asked && holds(rank, node.sign, *asked);
    }
    auto const* object = &entry;
    json::value const* value = nullptr;
    for (auto const& part : node.path) {
        if (object == nullptr) return false;
        value = object->if_contains(part);
        if (value == nullptr) return false;
        object = value->if_object();
    }
    return value != nullptr && value_matches(node, *value);
}

bool node_matches(Node const& node, json::object const& entry) {
    auto const matches = [&](Node const& part) { return node_matches(part, entry); };
    switch (node.kind) {
        case Node::Kind::And:
            return std::all_of(node.parts.begin(), node.parts.end(), matches);
        case Node::Kind::Or:
            return std::any_of(node.parts.begin(), node.parts.end(), matches);
        case Node::Kind::Not:
            return !matches(node.parts.front());
        case Node::Kind::Comparison:
            return comparison_matches(node, entry);
    }
    return false;
}

}  // namespace

std::optional<int> severity_rank(std::string_view severity) {
    for (auto const& [name, rank] : kSeverities) {
        if (http::equal_ignoring_case(name, severity)) return rank;
    }
    return std::nullopt;
}

Outcome<LogFilter> LogFilter::parse(std::string_view text) {
    if (text.size() > kFilterBytes) {
        return unparseable_filter(fmt::format("it is longer than {} bytes", kFilterBytes));
    }
    LogFilter filter;
    auto tokens = TRY(log_filter_tokens(text));
    if (tokens.size() == 1) return filter;
    filter.root_ = std::make_shared<Node const>(TRY(Parser(std::move(tokens)).parse()));
    return filter;
}

bool LogFilter::matches(json::object const& entry) const {
    return root_ == nullptr || node_matches(*root_, entry);
}

}  // namespace aipress::sandbox
