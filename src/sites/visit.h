// Ways to a site, and a visitor who takes one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "http/client.h"

namespace aipress::sites {

// By the host's name, routed as for visitors, or by the service's own URL.
struct VantagePoint {
    std::string name = {};    // "visitors", "service"
    std::string scheme = {};  // "https"
    std::string host = {};    // as the site is asked for it: "tenant-001.aipress.io"
    std::string base = {};    // where requests go: "https://tenant-001.aipress.io"
};

// `url`: "https://tenant-001.aipress.io", with nothing behind the host. `address`: HOST:PORT where
// it is asked for, over plain HTTP and with the host in the Host header (AIPRESS_SITES_ADDRESS);
// "": where its name leads. Errors: InvalidArgument.
[[nodiscard]] Result<VantagePoint> make_vantage_point(std::string name, std::string_view url,
                                                      std::string_view address = {});

struct Page {
    int status = 0;
    http::Headers headers = {};
    std::string body = {};
    double latency_ms = 0;  // until its last byte
};

// Not thread safe. One request after another on a kept connection; redirects are not followed. A
// GET on a connection that the server has closed since the last one is sent again on a new one.
// Errors: Unavailable, DeadlineExceeded (also past limits::kPageTime), Cancelled; none says more
// than the method, the host and the path.
class Visitor {
public:
    explicit Visitor(VantagePoint way) : way_(std::move(way)) {}

    // `target`: "/wp-login.php?action=x".
    [[nodiscard]] Result<Page> get(Context const& context, std::string_view target,
                                   http::Headers more = {});
    [[nodiscard]] Result<Page> post(Context const& context, std::string_view target,
                                    std::vector<std::pair<std::string, std::string>> const& form,
                                    http::Headers more = {});
    // Whether the last request had a connection to be sent on.
    [[nodiscard]] bool was_reached() const { return client_.was_sent(); }
    [[nodiscard]] VantagePoint const& way() const { return way_; }

private:
    [[nodiscard]] Result<Page> send(Context const& context, std::string_view target,
                                    http::ClientRequest request);

    VantagePoint way_;
    http::Client client_;
};

// A URL's parts: "https://Host:1/a?b#c" is "https", "host:1", "/a?b"; relative ones have no host.
struct UrlParts {
    std::string scheme = {};
    std::string host = {};  // lower case, with its port
    std::string target = {};
};
[[nodiscard]] UrlParts url_parts(std::string_view url);

}  // namespace aipress::sites
