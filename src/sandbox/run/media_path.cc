#include "sandbox/run/media_path.h"

#include <fmt/format.h>

#include "http/base64.h"
#include "http/target.h"
#include "sandbox/storage/resources.h"

namespace aipress::sandbox::run {
namespace {

constexpr std::string_view kMediaPath = "/_run/media/";

}  // namespace

std::string media_path(Uploads const& uploads) {
    auto const place = fmt::format("{}/{}", uploads.bucket, uploads.folder);
    return fmt::format("{}{}/", kMediaPath, http::encode_base64url(place));
}

std::optional<http::Request> media_request(http::Request const& request) {
    if (!request.path.starts_with(kMediaPath)) return std::nullopt;
    auto const rest = std::string_view(request.path).substr(kMediaPath.size());
    auto const end = rest.find('/');
    if (end == rest.npos) return std::nullopt;
    auto const place = http::decode_base64(rest.substr(0, end));
    if (!place) return std::nullopt;
    auto const bucket = place->find('/');
    if (bucket == place->npos) return std::nullopt;
    auto const name = place->substr(bucket + 1) + http::decode_path(rest.substr(end + 1));
    auto media = request;
    media.path = fmt::format("/storage/v1/b/{}/o/{}", encode_segment(place->substr(0, bucket)),
                             encode_segment(name));
    media.query = "alt=media";
    media.parameters = {{"alt", "media"}};
    return media;
}

}  // namespace aipress::sandbox::run
