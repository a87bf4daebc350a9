// Lists of objects: names in byte order, with prefix, delimiter and versions.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "sandbox/storage/resources.h"

namespace aipress::sandbox {

inline constexpr std::size_t kObjectsOfPage = 1000;

struct ObjectQuery {
    std::string bucket = {};
    std::string prefix = {};
    std::string delimiter = {};
    std::string end_offset = {};
    std::string glob = {};
    bool with_versions = false;
    bool with_trailing_delimiter = false;
    std::size_t most = kObjectsOfPage;
    std::string start = {};  // a key of the store's, from where on: ObjectPage::next, or start_at()
};

struct ObjectPage {
    std::vector<boost::json::object> objects = {};  // as the store keeps them
    std::vector<std::string> prefixes = {};
    std::string next = {};  // where the next page begins; empty: there is none
};

// Errors: NotFound for the bucket.
[[nodiscard]] Outcome<ObjectPage> find_objects(Transaction& transaction, ObjectQuery const& query);

// Where the name `offset` is, and where what follows the name or prefix `marker` is.
[[nodiscard]] std::string start_at(ObjectQuery const& query, std::string_view offset);
[[nodiscard]] std::string start_behind(ObjectQuery const& query, std::string_view marker);

// https://cloud.google.com/storage/docs/json_api/v1/objects/list. Errors: InvalidArgument,
// NotFound.
[[nodiscard]] Outcome<Reply> list_objects(Store const& store, Call const& call);

}  // namespace aipress::sandbox
