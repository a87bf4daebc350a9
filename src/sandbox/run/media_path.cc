#include "sandbox/run/media_path.h"

#include <fmt/format.h>

#include "http/target.h"
#include "sandbox/run/server_configuration.h"
#include "sandbox/storage/resources.h"

namespace aipress::sandbox::run {

std::optional<http::Request> media_request(http::Request const& request) {
    if (!request.path.starts_with(kMediaPath)) return std::nullopt;
    auto const rest = std::string_view(request.path).substr(kMediaPath.size());
    auto const slash = rest.find('/');
    if (slash == rest.npos) return std::nullopt;
    auto media = request;
    media.path = fmt::format("/storage/v1/b/{}/o/{}", rest.substr(0, slash),
                             encode_segment(http::decode_path(rest.substr(slash + 1))));
    media.query = "alt=media";
    media.parameters = {{"alt", "media"}};
    return media;
}

}  // namespace aipress::sandbox::run
