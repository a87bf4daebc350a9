#include "mysql/endpoint.h"

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <utility>

namespace aipress::mysql {
namespace {

constexpr std::string_view kScheme = "mysql://";

Error bad_url(std::string_view what) {
    return {
        ErrorCode::InvalidArgument,
        fmt::format("{}; expected mysql://user:password@host:port/database[?tls=required&ca=FILE]",
                    what)};
}

Result<std::string> percent_decoded(std::string_view text, std::string_view part) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        unsigned byte = 0;
        auto const digits = text.substr(i + 1, 2);
        auto const [end, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || failure != std::errc() || end != digits.data() + 2) {
            return bad_url(fmt::format("the URL's {} has a % without two hex digits", part));
        }
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

// The part before the separator; `rest` moves behind it. Without a separator: all of it.
std::string_view cut(std::string_view& rest, char separator) {
    auto const at = rest.find(separator);
    auto const head = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    return head;
}

Result<void> read_host_and_port(std::string_view text, Endpoint& endpoint) {
    std::string_view host = text;
    std::string_view port;
    if (text.starts_with('[')) {  // [::1]:3306
        auto const end = text.find(']');
        if (end == std::string_view::npos) return bad_url("the URL's host has a [ without ]");
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (port.starts_with(':')) port.remove_prefix(1);
    } else if (auto const colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (port.empty()) return bad_url("the URL's port is empty");
    }
    if (host.empty()) return bad_url("the URL has no host");
    endpoint.host = host;
    if (port.empty()) return {};
    auto const [end, failure] =
        std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (failure != std::errc() || end != port.data() + port.size() || endpoint.port == 0) {
        return bad_url(fmt::format("the URL's port '{}' is not a number from 1 to 65535", port));
    }
    return {};
}

Result<std::string> first_line_of(std::string const& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("cannot read a password from '{}'", path));
    }
    return line;
}

Result<void> read_parameter(std::string_view name, std::string const& value, Endpoint& endpoint) {
    if (name == "tls") {
        if (value == "disabled") {
            endpoint.tls = TlsMode::Disabled;
        } else if (value == "required") {
            endpoint.tls = TlsMode::Required;
        } else if (value == "verified") {
            endpoint.tls = TlsMode::Verified;
        } else {
            return bad_url(fmt::format("tls={} is not disabled, required or verified", value));
        }
    } else if (name == "ca") {
        endpoint.tls_ca = value;
        if (endpoint.tls == TlsMode::Disabled) endpoint.tls = TlsMode::Required;
    } else if (name == "password-file") {
        endpoint.password = TRY(first_line_of(value));
    } else if (name == "password-env") {
        auto const* text = std::getenv(value.c_str());
        if (text == nullptr) {
            return bad_url(fmt::format("the environment has no variable {}", value));
        }
        endpoint.password = text;
    } else {
        return bad_url(fmt::format("the URL's parameter '{}' is unknown", name));
    }
    return {};
}

}  // namespace

std::string Endpoint::display() const {
    return fmt::format("{}@{}:{}/{}", user, host, port, database);
}

Result<Endpoint> parse_url(std::string_view url) {
    if (!url.starts_with(kScheme)) return bad_url("the URL does not begin with mysql://");
    std::string_view query = url.substr(kScheme.size());
    std::string_view path = cut(query, '?');

    Endpoint endpoint;
    auto const slash = path.find('/');
    std::string_view authority = path.substr(0, slash);
    if (slash != std::string_view::npos) {
        endpoint.database = TRY(percent_decoded(path.substr(slash + 1), "database"));
    }
    // The last @: an unescaped one in a password is an everyday mistake that need not fail.
    auto const at = authority.rfind('@');
    if (at == std::string_view::npos) return bad_url("the URL has no user");
    std::string_view password = authority.substr(0, at);
    endpoint.user = TRY(percent_decoded(cut(password, ':'), "user"));
    if (endpoint.user.empty()) return bad_url("the URL has no user");
    endpoint.password = TRY(percent_decoded(password, "password"));
    TRY(read_host_and_port(authority.substr(at + 1), endpoint));
    while (!query.empty()) {
        auto value = cut(query, '&');
        auto const name = cut(value, '=');
        TRY(read_parameter(name, TRY(percent_decoded(value, name)), endpoint));
    }
    return endpoint;
}

}  // namespace aipress::mysql
