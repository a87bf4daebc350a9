// Services and revisions of Cloud Run as the store keeps them, whichever version of the API made
// them: a service's body is what a v2 client wishes (template, traffic, labels, …) and
//   uid, generation, createTime, updateTime, creator, lastModifier,
//   latestCreatedRevision, latestReadyRevision   last parts of their names
//   templates                                    how many different ones there have been
//   served                                       traffic as it is routed, with revisions' names
//   problem, routesProblem                       why it is not ready: {reason, message}
//   ready_ms                                     when the last change is through
// A revision's body is its template and uid, createTime, generation, problem, ready_ms, `pool`:
// what the processes that serve it are called.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/projects.h"
#include "sandbox/service.h"

namespace aipress::sandbox::run {

// Collections of the store.
inline constexpr std::string_view kServices = "run_services";    // by ServiceName::key()
inline constexpr std::string_view kRevisions = "run_revisions";  // by revision_key()
inline constexpr std::string_view kDomainMappings =
    "run_domain_mappings";  // PLACE/domainmappings/D

struct Place {
    std::string project;  // its id
    std::string number;
    std::string region;  // "-": any

    // "projects/p/locations/r"; "projects/p/locations/" for any.
    [[nodiscard]] std::string prefix() const;
};

struct ServiceName {
    Place place = {};
    std::string service = {};

    // "projects/p/locations/r/services/s"
    [[nodiscard]] std::string key() const;
    [[nodiscard]] std::string revision_key(std::string_view revision) const;
    // "s-hash-uc.a.run.app", the one that `uri` names.
    [[nodiscard]] std::string host() const;
    // "s-123456789012.us-central1.run.app"
    [[nodiscard]] std::string numbered_host() const;
    [[nodiscard]] std::string tag_host(std::string_view tag) const;
};

// REQUIRES: a key of kServices, or of what is below one.
[[nodiscard]] Outcome<ServiceName> service_of_key(Transaction& transaction, std::string_view key);

// The place that a call is about: from its path, and for namespaces/p from the region that its host
// begins with; "-" when neither says.
[[nodiscard]] Outcome<Place> place_of(Transaction& transaction, Call const& call,
                                      std::string_view name);

// 128 bits that look random, the same for the same text: "c0ffee00-…".
[[nodiscard]] std::string uid_of(std::string_view text);

// Members that may not be there. REQUIRES: of that kind when they are.
[[nodiscard]] boost::json::object const* find_object(boost::json::object const& fields,
                                                     std::string_view name);
[[nodiscard]] boost::json::array const* find_array(boost::json::object const& fields,
                                                   std::string_view name);
[[nodiscard]] std::int64_t number_field(boost::json::object const& fields, std::string_view name,
                                        std::int64_t otherwise);
// The member as an object, made when it is not there.
boost::json::object& object_field(boost::json::object& fields, std::string_view name);

// All documents below a prefix, page by page, until `visit` returns false.
[[nodiscard]] Outcome<Done> each_document(Transaction& transaction, std::string_view collection,
                                          std::string const& prefix,
                                          std::function<Outcome<bool>(Document&)> const& visit);

}  // namespace aipress::sandbox::run
