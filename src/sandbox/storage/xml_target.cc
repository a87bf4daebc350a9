#include "sandbox/storage/xml_target.h"

#include <algorithm>
#include <array>

#include "sandbox/storage/signed_url.h"

namespace aipress::sandbox {
namespace {

constexpr std::string_view kHost = "storage.googleapis.com";
constexpr std::string_view kOldHost = "commondatastorage.googleapis.com";

// Where the JSON API is, whether or not there is a method of that path.
bool is_json_path(std::string_view path) {
    constexpr std::array<std::string_view, 5> kPrefixes{
        "/storage/v1/", "/upload/storage/", "/download/storage/", "/resumable/upload/", "/batch/"};
    return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                       [&](std::string_view prefix) { return path.starts_with(prefix); });
}

XmlTarget path_style(std::string_view path) {
    path.remove_prefix(std::min<std::size_t>(path.size(), 1));
    auto const slash = std::min(path.find('/'), path.size());
    return {.bucket = http::decode_path(path.substr(0, slash)),
            .object = http::decode_path(path.substr(std::min(slash + 1, path.size())))};
}

}  // namespace

std::optional<XmlTarget> xml_target(http::Request const& request, bool is_method,
                                    std::function<bool(std::string const&)> const& is_bucket) {
    auto const host = std::string_view(request.host);
    if (!request.path.starts_with('/')) return std::nullopt;
    if (host.ends_with(kHost) && host.size() > kHost.size() + 1 &&
        host[host.size() - kHost.size() - 1] == '.') {
        return XmlTarget{.bucket = std::string(host.substr(0, host.size() - kHost.size() - 1)),
                         .object = http::decode_path(std::string_view(request.path).substr(1))};
    }
    if (host == kHost || host == kOldHost) {
        if (is_method || is_json_path(request.path)) return std::nullopt;
        return path_style(request.path);
    }
    if (host.ends_with(".googleapis.com")) return std::nullopt;
    auto target = path_style(request.path);
    if (is_signed_url(request)) return target;
    if (is_method || target.bucket.empty() || !is_bucket(target.bucket)) return std::nullopt;
    return target;
}

}  // namespace aipress::sandbox
