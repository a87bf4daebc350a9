// Where Cloud Storage keeps what.
#pragma once

#include <fmt/format.h>
#include <string>

#include "http/client.h"

namespace aipress::gcp {

inline constexpr char const* kStorageApi = "storage.googleapis.com";

[[nodiscard]] inline std::string bucket_path(std::string const& bucket) {
    return "/storage/v1/b/" + http::percent_encoded(bucket);
}
[[nodiscard]] inline std::string object_path(std::string const& bucket, std::string const& name) {
    return fmt::format("{}/o/{}", bucket_path(bucket), http::percent_encoded(name));
}
[[nodiscard]] inline std::string upload_path(std::string const& bucket) {
    return fmt::format("/upload{}/o", bucket_path(bucket));
}

}  // namespace aipress::gcp
