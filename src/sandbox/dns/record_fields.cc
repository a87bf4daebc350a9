#include "sandbox/dns/record_fields.h"

#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <charconv>
#include <fmt/format.h>

#include "http/base64.h"
#include "sandbox/dns/names.h"

namespace aipress::sandbox::dns {
namespace {

constexpr std::size_t kLongestText = 255;  // of a character-string

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// What follows a backslash; `at` is moved past it.
std::optional<char> unescape(std::string_view text, std::size_t& at) {
    if (at >= text.size()) return std::nullopt;
    if (!is_digit(text[at])) return text[at++];
    if (at + 3 > text.size() || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) {
        return std::nullopt;
    }
    int const value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
    if (value > 255) return std::nullopt;
    at += 3;
    return static_cast<char>(value);
}

// One token from `at` on, which is moved to its end.
std::optional<Token> read_token(std::string_view text, std::size_t& at) {
    auto const begin = at;
    bool is_quoted = false;
    Token token;
    while (at < text.size()) {
        char const c = text[at];
        if (!is_quoted && (c == ' ' || c == '\t')) break;
        ++at;
        if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == '\\') {
            auto const escaped = unescape(text, at);
            if (!escaped) return std::nullopt;
            token.bytes += *escaped;
        } else if (c == '\n' || c == '\r' || (!is_quoted && (c == ';' || c == '(' || c == ')'))) {
            return std::nullopt;
        } else {
            token.bytes += c;
        }
    }
    if (is_quoted) return std::nullopt;
    token.raw = text.substr(begin, at - begin);
    return token;
}

std::optional<std::string> canonical_address(int family, std::string const& text) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    std::array<char, INET6_ADDRSTRLEN> shown{};
    if (::inet_pton(family, text.c_str(), address.data()) != 1) return std::nullopt;
    if (::inet_ntop(family, address.data(), shown.data(), shown.size()) == nullptr) {
        return std::nullopt;
    }
    return std::string(shown.data());
}

std::optional<std::string> canonical_number(std::string_view text, std::uint64_t most) {
    std::uint64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size() || number > most) {
        return std::nullopt;
    }
    return fmt::format("{}", number);
}

std::optional<std::string> quoted(std::string_view bytes) {
    if (bytes.size() > kLongestText) return std::nullopt;
    std::string text = "\"";
    for (char const c : bytes) {
        if (c == '"' || c == '\\') {
            text += '\\';
            text += c;
        } else if (c >= ' ' && c <= '~') {
            text += c;
        } else {
            text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
        }
    }
    return text + '"';
}

std::optional<std::string> canonical_tag(std::string_view text) {
    if (text.empty() || text.size() > kLongestText) return std::nullopt;
    std::string tag;
    for (char const c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) return std::nullopt;
        tag += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return tag;
}

// Every part between commas canonical, and at least one.
std::optional<std::string> canonical_addresses(int family, std::string_view list) {
    std::string all;
    while (true) {
        auto const comma = list.find(',');
        auto const one = canonical_address(family, std::string(list.substr(0, comma)));
        if (!one) return std::nullopt;
        all += (all.empty() ? "" : ",") + *one;
        if (comma == list.npos) return all;
        list.remove_prefix(comma + 1);
    }
}

bool is_protocol_list(std::string_view list) {
    for (char const c : list) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != ',' && c != '-' && c != '.' &&
            c != '/') {
            return false;
        }
    }
    return !list.empty() && list.front() != ',' && list.back() != ',' &&
           list.find(",,") == list.npos;
}

}  // namespace

std::optional<std::vector<Token>> split_fields(std::string_view text) {
    std::vector<Token> tokens;
    std::size_t at = 0;
    while (true) {
        at = text.find_first_not_of(" \t", at);
        if (at == text.npos) return tokens;
        auto token = read_token(text, at);
        if (!token) return std::nullopt;
        tokens.push_back(std::move(*token));
    }
}

std::optional<std::string> canonical_field(Field field, Token const& token) {
    switch (field) {
        case Field::Address4:
            return canonical_address(AF_INET, token.raw);
        case Field::Address6:
            return canonical_address(AF_INET6, token.raw);
        case Field::Name:
            return canonical_name(token.raw, Wildcard::Refused);
        case Field::Number8:
            return canonical_number(token.raw, 0xff);
        case Field::Number16:
            return canonical_number(token.raw, 0xffff);
        case Field::Number32:
            return canonical_number(token.raw, 0xffff'ffff);
        case Field::Text:
            return quoted(token.bytes);
        case Field::Tag:
            return canonical_tag(token.raw);
        default:
            return std::nullopt;
    }
}

std::optional<std::string> canonical_hex(std::string_view digits) {
    std::string text;
    for (char const c : digits) {
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
        text += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    if (text.empty() || text.size() % 2 != 0) return std::nullopt;
    return text;
}

std::optional<std::string> canonical_base64(std::string_view text) {
    auto const bytes = http::decode_base64(text);
    if (!bytes || bytes->empty()) return std::nullopt;
    return http::encode_base64(*bytes);
}

std::optional<std::string> canonical_service_parameter(Token const& token) {
    auto const equals = token.bytes.find('=');
    auto const key = token.bytes.substr(0, equals);
    if (key == "no-default-alpn" && equals == token.bytes.npos) return key;
    if (equals == token.bytes.npos) return std::nullopt;
    auto const value = std::string_view(token.bytes).substr(equals + 1);
    std::optional<std::string> canonical;
    if (key == "port") canonical = canonical_number(value, 0xffff);
    if (key == "ipv4hint") canonical = canonical_addresses(AF_INET, value);
    if (key == "ipv6hint") canonical = canonical_addresses(AF_INET6, value);
    if (key == "ech") canonical = canonical_base64(value);
    if (key == "alpn" && is_protocol_list(value)) canonical = fmt::format("\"{}\"", value);
    if (!canonical) return std::nullopt;
    return key + "=" + *canonical;
}

}  // namespace aipress::sandbox::dns
