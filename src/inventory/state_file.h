// Terraform state files, version 4 (Terraform 0.12 and newer, OpenTofu): what they declare.
// Format: hashicorp/terraform, internal/states/statefile/version4.go.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "inventory/resource.h"

namespace aipress::inventory {

struct Declared {
    std::string address = {};  // "module.site.google_storage_bucket.media[\"a\"]"
    Resource resource = {};
};

struct StateFile {
    std::string terraform_version = {};
    std::int64_t serial = 0;
    std::string lineage = {};
    std::vector<Declared> declared = {};
    // What is not compared: by the type of the resource, how many there are.
    std::map<std::string, std::size_t> not_compared = {};
    std::size_t managed = 0;  // resources in all
};

// `project`: a resource of another one is not compared. Nothing is kept of outputs, nor of any
// attribute that is not compared: passwords stand among them. Errors: InvalidArgument, naming the
// field; Unimplemented for another version of the format.
[[nodiscard]] Result<StateFile> parse_state_file(std::string_view text, std::string_view project);

}  // namespace aipress::inventory
