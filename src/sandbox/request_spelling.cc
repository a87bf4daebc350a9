#include "sandbox/request_spelling.h"

#include <string>
#include <string_view>

namespace aipress::sandbox {
namespace {

// "/_api/sql/v1/…": an address of this server that stands for one API's host, as clients are told
// it that know APIs by their base path only. The names are those of gcloud's settings.
std::optional<http::Request> with_host_of_prefix(http::Request const& request) {
    constexpr std::string_view kPrefix = "/_api/";
    if (!request.path.starts_with(kPrefix)) return std::nullopt;
    auto const slash = request.path.find('/', kPrefix.size());
    if (slash == std::string::npos) return std::nullopt;
    auto const api = request.path.substr(kPrefix.size(), slash - kPrefix.size());
    auto plain = request;
    plain.host = (api == "sql" ? "sqladmin" : api) + ".googleapis.com";
    plain.path = request.path.substr(slash);
    return plain;
}

}  // namespace

std::optional<http::Request> plain_request(http::Request const& request) {
    constexpr std::string_view kDownload = "/download";
    auto const& path = request.path;
    bool const is_download = path.starts_with("/download/storage/");
    bool const is_short = path == "/b" || path.starts_with("/b/");
    if (!is_download && !is_short) return with_host_of_prefix(request);
    auto plain = request;
    plain.path = is_download ? path.substr(kDownload.size()) : "/storage/v1" + path;
    return plain;
}

}  // namespace aipress::sandbox
