// Objects of a bucket by plain paths, for the nginx that serves the sites: it cannot encode an
// object's name into one segment.
#pragma once

#include <optional>
#include <string>

#include "http/request.h"
#include "sandbox/run/site_plan.h"

namespace aipress::sandbox::run {

// Under it the sandbox's own server has what is mounted: "/_run/media/bWVkaWEvdGVuYW50cy9hLw/". The
// bucket and the folder are one segment of letters that mean nothing to nginx, and nothing that
// comes behind it can leave the folder.
[[nodiscard]] std::string media_path(Uploads const& uploads);

// "/_run/media/…/2026/a b.jpg" as the request for that object's bytes to Cloud Storage's JSON API;
// nullopt: it is no such path.
[[nodiscard]] std::optional<http::Request> media_request(http::Request const& request);

}  // namespace aipress::sandbox::run
