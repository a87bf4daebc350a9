#include "sandbox/storage/signed_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <vector>

#include "base/sha256.h"
#include "http/base64.h"
#include "sandbox/service_account_keys.h"
#include "sandbox/storage/resources.h"
#include "sandbox/storage/xml_errors.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {
namespace {

using std::chrono::seconds;

constexpr std::string_view kAlgorithm = "GOOG4-RSA-SHA256";
constexpr std::string_view kScopeEnd = "/storage/goog4_request";
constexpr seconds kLongest{604'800};  // of X-Goog-Expires
constexpr seconds kSkew{900};         // between the signer's clock and ours

// Their names compare without case, unlike those of other parameters.
std::optional<std::string> parameter(http::Request const& request, std::string_view name) {
    for (auto const& [key, value] : request.parameters) {
        if (http::equal_ignoring_case(key, name)) return value;
    }
    return std::nullopt;
}

ApiError malformed(std::string_view parameter, std::string why) {
    return xml_error("MalformedSecurityHeader", std::move(why),
                     {{"ParameterName", lower_case(parameter)}});
}

Outcome<std::string> required(http::Request const& request, std::string_view name) {
    if (auto value = parameter(request, name); value && !value->empty()) return std::move(*value);
    return malformed(name, fmt::format("{} is missing.", name));
}

// Without the blanks around it, and one for those between words.
std::string folded(std::string_view text) {
    std::string out;
    for (char const c : text) {
        bool const is_blank = c == ' ' || c == '\t';
        if (!is_blank) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
}

// By lower-case name; those that came several times joined by commas.
using CanonicalHeaders = std::map<std::string, std::string>;

CanonicalHeaders canonical_headers(http::Request const& request) {
    CanonicalHeaders headers;
    for (auto const& [name, value] : request.headers.fields()) {
        auto const [at, is_new] = headers.emplace(lower_case(name), folded(value));
        if (!is_new) at->second += "," + folded(value);
    }
    headers.emplace("host", request.authority);
    return headers;
}

std::string canonical_query(http::Request const& request) {
    std::vector<std::pair<std::string, std::string>> parameters;
    for (auto const& [name, value] : request.parameters) {
        if (http::equal_ignoring_case(name, "X-Goog-Signature")) continue;
        parameters.emplace_back(encode_segment(name), encode_segment(value));
    }
    std::sort(parameters.begin(), parameters.end());
    std::string query;
    for (auto const& [name, value] : parameters) {
        query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, value);
    }
    return query;
}

Outcome<std::string> canonical_request(http::Request const& request,
                                       CanonicalHeaders const& headers) {
    auto const signed_headers = TRY(required(request, "X-Goog-SignedHeaders"));
    std::string lines;
    bool has_host = false;
    for (std::string_view rest = signed_headers; !rest.empty();) {
        auto const end = std::min(rest.find(';'), rest.size());
        auto const name = std::string(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        auto const found = headers.find(name);
        if (found == headers.end()) {
            return malformed(name, "Header was included in signedheaders, but not in the request.");
        }
        has_host = has_host || name == "host";
        lines += fmt::format("{}:{}\n", name, found->second);
    }
    if (!has_host) return malformed("host", "Host was not included in signedheaders.");
    auto const payload = headers.find("x-goog-content-sha256");
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                       canonical_query(request), lines, signed_headers,
                       payload == headers.end() ? "UNSIGNED-PAYLOAD" : payload->second);
}

// "20261130T115600Z"
std::optional<WallTime> parse_basic_time(std::string const& text) {
    if (text.size() != 16) return std::nullopt;
    auto const time =
        parse_timestamp(fmt::format("{}-{}-{}:{}:{}", text.substr(0, 4), text.substr(4, 2),
                                    text.substr(6, 5), text.substr(11, 2), text.substr(13)));
    if (!time) return std::nullopt;
    return WallTime(std::chrono::duration_cast<WallTime::duration>(*time));
}

std::optional<std::string> decode_hex(std::string_view text) {
    std::string bytes;
    if (text.size() % 2 != 0) return std::nullopt;
    for (std::size_t at = 0; at < text.size(); at += 2) {
        unsigned value = 0;
        auto const* const end = text.data() + at + 2;
        auto const [stop, failure] = std::from_chars(text.data() + at, end, value, 16);
        if (failure != std::errc() || stop != end) return std::nullopt;
        bytes += static_cast<char>(value);
    }
    return bytes;
}

struct Claim {
    std::string account;             // its e-mail address
    std::vector<std::string> texts;  // one of which was signed
    std::string signature;
    XmlElements shown = {};  // to a client whose signature is another
};

ApiError expired(WallTime until) {
    return xml_error("ExpiredToken",
                     fmt::format("Request signature expired at: {}", timestamp(until)));
}

Outcome<Claim> read_v4(http::Request const& request, WallTime now) {
    if (TRY(required(request, "X-Goog-Algorithm")) != kAlgorithm) {
        return malformed("X-Goog-Algorithm",
                         fmt::format("The only algorithm of this server is {}.", kAlgorithm));
    }
    auto const credential = TRY(required(request, "X-Goog-Credential"));
    auto const slash = credential.find('/');
    auto const date = TRY(required(request, "X-Goog-Date"));
    auto const from = parse_basic_time(date);
    if (!from) return malformed("X-Goog-Date", "It must be of the form YYYYMMDDTHHMMSSZ.");
    if (slash == credential.npos || !credential.ends_with(kScopeEnd) ||
        credential.compare(slash + 1, 8, date, 0, 8) != 0) {
        return malformed("X-Goog-Credential",
                         "It must be EMAIL/YYYYMMDD/LOCATION/storage/goog4_request, of the date of "
                         "X-Goog-Date.");
    }
    auto const lifetime = parse_number(TRY(required(request, "X-Goog-Expires")));
    if (!lifetime || *lifetime == 0 || *lifetime > static_cast<std::uint64_t>(kLongest.count())) {
        return malformed("X-Goog-Expires",
                         fmt::format("It must be from 1 to {} seconds.", kLongest.count()));
    }
    if (now + kSkew < *from) return xml_error("AccessDenied", "Request is not valid yet.");
    auto const until = *from + seconds(*lifetime);
    if (until < now) return expired(until);
    auto signature = decode_hex(TRY(required(request, "X-Goog-Signature")));
    if (!signature) return malformed("X-Goog-Signature", "Signature was not hex encoded.");
    Claim claim{
        .account = credential.substr(0, slash), .texts = {}, .signature = std::move(*signature)};
    auto headers = canonical_headers(request);
    auto const host = headers["host"];
    // Google's own host has no port, and some clients sign another one's without it.
    for (auto const form : {std::string_view(host), http::host_without_port(host)}) {
        headers["host"] = form;
        auto const canonical = TRY(canonical_request(request, headers));
        claim.texts.push_back(fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date,
                                          credential.substr(slash + 1), sha256_hex(canonical)));
        claim.shown = {{"StringToSign", claim.texts.back()}, {"CanonicalRequest", canonical}};
    }
    return claim;
}

Outcome<Claim> read_v2(http::Request const& request, std::string const& bucket, WallTime now) {
    auto const expires = TRY(required(request, "Expires"));
    auto const seconds_until = parse_number(expires);
    constexpr std::uint64_t kLatest = 253'402'300'799;  // the end of 9999
    if (!seconds_until || *seconds_until > kLatest) {
        return malformed("Expires", "It must be seconds since 1970.");
    }
    auto const until = std::min<std::uint64_t>(*seconds_until, INT64_MAX / 1'000'000'000);
    if (until < static_cast<std::uint64_t>(milliseconds_of(now) / 1000)) {
        return expired(WallTime(seconds(until)));
    }
    auto signature = http::decode_base64(TRY(required(request, "Signature")));
    if (!signature) return malformed("Signature", "Signature was not base64 encoded");
    auto const headers = canonical_headers(request);
    auto const header = [&](char const* name) {
        auto const found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    };
    auto text = fmt::format("{}\n{}\n{}\n{}\n", request.method, header("content-md5"),
                            header("content-type"), expires);
    for (auto const& [name, value] : headers) {
        bool const is_key = name.starts_with("x-goog-encryption-key");
        if (name.starts_with("x-goog-") && !is_key) text += fmt::format("{}:{}\n", name, value);
    }
    bool const is_in_host = request.host.starts_with(bucket + ".");
    text += is_in_host ? fmt::format("/{}{}", bucket, request.path) : request.path;
    return Claim{.account = TRY(required(request, "GoogleAccessId")),
                 .texts = {text},
                 .signature = std::move(*signature),
                 .shown = {{"StringToSign", text}}};
}

}  // namespace

bool is_signed_url(http::Request const& request) {
    return parameter(request, "X-Goog-Signature") || parameter(request, "X-Goog-Algorithm") ||
           (request.parameter("Signature") && request.parameter("GoogleAccessId"));
}

Outcome<std::string> signer_of(http::Request const& request, std::string const& bucket,
                               Store const& store, WallTime now) {
    bool const is_v2 = request.parameter("GoogleAccessId").has_value();
    auto const claim = TRY(is_v2 ? read_v2(request, bucket, now) : read_v4(request, now));
    auto keys = public_keys_of(store, "projects/-/serviceAccounts/" + claim.account);
    if (!keys.ok()) return xml_error("InvalidSecurity", keys.release_error().message);
    auto const all = keys.release();
    bool const is_signed = std::any_of(all.begin(), all.end(), [&](std::string const& key) {
        return std::any_of(claim.texts.begin(), claim.texts.end(), [&](std::string const& text) {
            return http::is_signed_by(key, text, claim.signature);
        });
    });
    if (is_signed) return claim.account;
    return xml_error("SignatureDoesNotMatch",
                     "The request signature we calculated does not match the signature you "
                     "provided. Check your Google secret key and signing method.",
                     claim.shown);
}

}  // namespace aipress::sandbox
