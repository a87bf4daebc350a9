#include "sites/visit.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <fmt/format.h>

#include "sites/limits.h"

namespace aipress::sites {
namespace {

constexpr std::string_view kAgent = "AIPress/1 (site check)";

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return result;
}

bool is_address(std::string_view text) {
    auto const colon = text.rfind(':');
    if (colon == text.npos || colon == 0) return false;
    std::uint16_t port = 0;
    auto const [end, failure] =
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    return failure == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

UrlParts url_parts(std::string_view url) {
    url = url.substr(0, url.find('#'));
    UrlParts parts;
    auto const scheme = url.find("://");
    if (scheme != url.npos && scheme < url.find_first_of("/?")) {
        parts.scheme = lower(url.substr(0, scheme));
        url.remove_prefix(scheme + 3);
    } else if (url.starts_with("//")) {
        url.remove_prefix(2);
    } else {
        parts.target = url;
        return parts;
    }
    auto const end = std::min(url.find_first_of("/?"), url.size());
    parts.host = lower(url.substr(0, end));
    parts.target = url.substr(end);
    if (!parts.target.starts_with('/')) parts.target.insert(0, "/");
    return parts;
}

Result<VantagePoint> make_vantage_point(std::string name, std::string_view url,
                                        std::string_view address) {
    auto const parts = url_parts(url);
    bool const is_web = parts.scheme == "https" || parts.scheme == "http";
    if (!is_web || parts.host.empty() || parts.target != "/" ||
        parts.host.find('@') != parts.host.npos) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("{}: a site's URL is its scheme and host, as in "
                                 "\"https://tenant-001.aipress.io\"",
                                 name));
    }
    VantagePoint way{.name = std::move(name), .scheme = parts.scheme, .host = parts.host};
    way.base = fmt::format("{}://{}", way.scheme, way.host);
    if (address.empty()) return way;
    if (!is_address(address)) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("\"{}\" is no address of sites: HOST:PORT is expected", address));
    }
    way.scheme = "http";
    way.base = fmt::format("http://{}", address);
    return way;
}

Result<Page> Visitor::send(Context const& context, std::string_view target,
                           http::ClientRequest request) {
    request.url = fmt::format("{}{}", way_.base, target);
    request.headers.set("Host", way_.host);
    request.headers.set("User-Agent", std::string(kAgent));
    request.headers.set("Cache-Control", "no-cache");
    auto const& clock = context.clock();
    auto const begun = clock.now();
    auto answer = client_.send(context.within(limits::kPageTime), request);
    if (!answer.ok()) {
        // The client's own words have the address; what is asked for is known here.
        return Error(answer.error().code(),
                     fmt::format("{} {} at {}: {}", request.method,
                                 target.substr(0, target.find('?')), way_.host,
                                 answer.error().code() == ErrorCode::DeadlineExceeded
                                     ? "no answer in time"
                                     : (was_reached() ? "the connection broke before the answer"
                                                      : "no connection")));
    }
    std::chrono::duration<double, std::milli> const took = clock.now() - begun;
    return Page{.status = answer->status,
                .headers = std::move(answer->headers),
                .body = std::move(answer->body),
                .latency_ms = took.count()};
}

Result<Page> Visitor::get(Context const& context, std::string_view target, http::Headers more) {
    return send(context, target, {.headers = std::move(more)});
}

Result<Page> Visitor::post(Context const& context, std::string_view target,
                           std::vector<std::pair<std::string, std::string>> const& form,
                           http::Headers more) {
    more.set("Content-Type", "application/x-www-form-urlencoded");
    return send(context, target,
                {.method = "POST",
                 .headers = std::move(more),
                 .body = http::form_text(form),
                 .sending = http::ClientRequest::Sending::Once});
}

}  // namespace aipress::sites
