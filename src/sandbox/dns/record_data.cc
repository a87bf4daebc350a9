#include "sandbox/dns/record_data.h"

#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

#include "base/assert.h"
#include "sandbox/dns/names.h"
#include "sandbox/dns/record_fields.h"

namespace aipress::sandbox::dns {
namespace {

using Fields = std::vector<Field>;

std::map<std::string_view, Fields> const& record_types() {
    using enum Field;
    static std::map<std::string_view, Fields> const types{
        {"A", {Address4}},
        {"AAAA", {Address6}},
        {"CAA", {Number8, Tag, Text}},
        {"CNAME", {Name}},
        {"DNSKEY", {Number16, Number8, Number8, Base64Rest}},
        {"DS", {Number16, Number8, Number8, HexRest}},
        {"HTTPS", {Number16, Name, ServiceParameters}},
        {"IPSECKEY", {Number8, Number8, Number8, IpsecGateway}},
        {"MX", {Number16, Name}},
        {"NAPTR", {Number16, Number16, Text, Text, Text, Name}},
        {"NS", {Name}},
        {"PTR", {Name}},
        {"SOA", {Name, Name, Number32, Number32, Number32, Number32, Number32}},
        {"SPF", {TextRest}},
        {"SRV", {Number16, Number16, Number16, Name}},
        {"SSHFP", {Number8, Number8, HexRest}},
        {"SVCB", {Number16, Name, ServiceParameters}},
        {"TLSA", {Number8, Number8, Number8, HexRest}},
        {"TXT", {TextRest}}};
    return types;
}

using Tokens = std::vector<Token>;

// The tokens from `begin` on as one.
std::string joined(Tokens const& tokens, std::size_t begin) {
    std::string all;
    for (auto at = begin; at < tokens.size(); ++at) all += tokens[at].raw;
    return all;
}

bool append(std::vector<std::string>& parts, std::optional<std::string> part) {
    if (!part) return false;
    parts.push_back(std::move(*part));
    return true;
}

bool append_texts(std::vector<std::string>& parts, Tokens const& tokens, std::size_t begin) {
    for (auto at = begin; at < tokens.size(); ++at) {
        if (!append(parts, canonical_field(Field::Text, tokens[at]))) return false;
    }
    return begin < tokens.size();
}

// RFC 9460: each key once, none for an alias (priority 0).
bool append_service_parameters(std::vector<std::string>& parts, Tokens const& tokens,
                               std::size_t begin) {
    std::set<std::string> keys;
    bool const is_alias = parts.front() == "0";
    for (auto at = begin; at < tokens.size(); ++at) {
        if (is_alias || !append(parts, canonical_service_parameter(tokens[at]))) return false;
        if (!keys.insert(parts.back().substr(0, parts.back().find('='))).second) return false;
    }
    return !keys.contains("no-default-alpn") || keys.contains("alpn");
}

// RFC 4025: what the gateway is, the second field says; whether a key follows it, the third.
bool append_ipsec_gateway(std::vector<std::string>& parts, Tokens const& tokens,
                          std::size_t begin) {
    if (begin >= tokens.size()) return false;
    std::optional<std::string> gateway;
    if (parts[1] == "0" && tokens[begin].raw == ".") gateway = ".";
    if (parts[1] == "1") gateway = canonical_field(Field::Address4, tokens[begin]);
    if (parts[1] == "2") gateway = canonical_field(Field::Address6, tokens[begin]);
    if (parts[1] == "3") gateway = canonical_field(Field::Name, tokens[begin]);
    bool const has_key = begin + 1 < tokens.size();
    if (!append(parts, std::move(gateway)) || has_key != (parts[2] != "0")) return false;
    return !has_key || append(parts, canonical_base64(joined(tokens, begin + 1)));
}

// A field that takes all tokens from `begin` on; nullopt when it is none of that kind.
std::optional<bool> append_rest(Field field, std::vector<std::string>& parts, Tokens const& tokens,
                                std::size_t begin) {
    switch (field) {
        case Field::HexRest:
            return append(parts, canonical_hex(joined(tokens, begin)));
        case Field::Base64Rest:
            return append(parts, canonical_base64(joined(tokens, begin)));
        case Field::TextRest:
            return append_texts(parts, tokens, begin);
        case Field::ServiceParameters:
            return append_service_parameters(parts, tokens, begin);
        case Field::IpsecGateway:
            return append_ipsec_gateway(parts, tokens, begin);
        default:
            return std::nullopt;
    }
}

// Where the serial stands in "MNAME RNAME SERIAL ...".
std::pair<std::size_t, std::size_t> serial_range(std::string_view soa) {
    auto const begin = soa.find(' ', soa.find(' ') + 1) + 1;
    return {begin, soa.find(' ', begin)};
}

}  // namespace

bool is_record_type(std::string_view type) {
    return record_types().contains(type);
}

std::optional<std::string> canonical_data(std::string_view type, std::string_view text) {
    auto const found = record_types().find(type);
    ASSERT(found != record_types().end());
    auto const tokens = split_fields(text);
    if (!tokens) return std::nullopt;
    std::vector<std::string> parts;
    std::size_t at = 0;
    for (auto const field : found->second) {
        if (auto const is_fine = append_rest(field, parts, *tokens, at)) {
            if (!*is_fine) return std::nullopt;
            at = tokens->size();
        } else {
            if (at >= tokens->size() || !append(parts, canonical_field(field, (*tokens)[at]))) {
                return std::nullopt;
            }
            ++at;
        }
    }
    if (at != tokens->size()) return std::nullopt;
    return fmt::format("{}", fmt::join(parts, " "));
}

std::uint32_t serial_of(std::string_view soa) {
    auto const [begin, end] = serial_range(soa);
    std::uint32_t serial = 0;
    std::from_chars(soa.data() + begin, soa.data() + end, serial);
    return serial;
}

std::string with_serial(std::string_view soa, std::uint32_t serial) {
    auto const [begin, end] = serial_range(soa);
    return fmt::format("{}{}{}", soa.substr(0, begin), serial, soa.substr(end));
}

}  // namespace aipress::sandbox::dns
