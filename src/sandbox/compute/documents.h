// Compute's resources in the store: one collection, by their path, and who uses whom.
//
// A path is "projects/p/global/networks/n" or "projects/p/regions/r/subnetworks/s", with the
// project's id. Within a body every link is the whole URL that Google would give.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sandbox/outcome.h"
#include "sandbox/store.h"

namespace aipress::sandbox::compute {

inline constexpr std::string_view kLinks = "https://www.googleapis.com/compute/v1/";
inline constexpr std::string_view kResources = "compute";
// A member of what is stored that no client sees: {"ready_ms": …}.
inline constexpr std::string_view kHidden = "sandbox";

// Another: the reserved address that a forwarding rule has by its number.
inline constexpr std::string_view kUsedAddress = "sandboxUsedAddress";

[[nodiscard]] std::string link_of(std::string_view path);
// The path that a client means: by a URL of any host and version, by "projects/p/global/…", or by
// "global/…" of its own project. nullopt when it is no link.
[[nodiscard]] std::optional<std::string> path_of(std::string_view link, std::string_view project);
// "networks" and "n" of a path.
[[nodiscard]] std::string_view collection_of(std::string_view path);
[[nodiscard]] std::string_view name_of(std::string_view path);

// Google's words.
[[nodiscard]] ApiError invalid_value(std::string_view field, std::string_view value,
                                     std::string_view why);
[[nodiscard]] ApiError required_field(std::string_view field);
[[nodiscard]] ApiError resource_not_found(std::string_view path);
[[nodiscard]] ApiError quota_exceeded(std::string_view quota, std::size_t limit);

// Errors: NotFound.
[[nodiscard]] Outcome<Document> find_resource(Transaction& transaction, std::string_view path);
// The same, and no operation that makes it is under way. Errors: InvalidArgument (resourceNotReady)
// too.
[[nodiscard]] Outcome<Document> find_ready(Transaction& transaction, std::string_view path,
                                           WallTime now);
[[nodiscard]] Outcome<Done> check_ready(Document const& document, WallTime now);

// Writes every link of the body in Google's own way, and sees that what it links to is there and
// ready. Errors: InvalidArgument, NotFound.
[[nodiscard]] Outcome<Done> link_body(Transaction& transaction, std::string_view project,
                                      boost::json::object& body, WallTime now);

// These keep the index of users. REQUIRES: a linked body.
[[nodiscard]] Outcome<std::uint64_t> insert_resource(Transaction& transaction,
                                                     std::string_view path,
                                                     boost::json::object const& body);
[[nodiscard]] Outcome<Done> update_resource(Transaction& transaction, std::string_view path,
                                            boost::json::object const& before,
                                            boost::json::object const& body);
[[nodiscard]] Outcome<Done> remove_resource(Transaction& transaction, Document const& document);

// The paths of those that link to it.
[[nodiscard]] Outcome<std::vector<std::string>> users_of(Transaction& transaction,
                                                         std::string_view path);
// Errors: InvalidArgument (resourceInUseByAnotherResource).
[[nodiscard]] Outcome<Done> check_unused(Transaction& transaction, std::string_view path);

[[nodiscard]] Outcome<std::uint64_t> next_id(Transaction& transaction);

}  // namespace aipress::sandbox::compute
