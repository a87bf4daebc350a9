// What all of Compute's resources have in common: insert, get, list, patch, update, delete.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/compute/content.h"
#include "sandbox/compute/operations.h"
#include "sandbox/projects.h"

namespace aipress::sandbox::compute {

// One resource that is being written, within its transaction.
struct Change {
    Transaction& transaction;
    std::string project;  // its id
    std::string path;
    WallTime now;
    boost::json::object body = {};                   // as it will be kept
    std::optional<boost::json::object> before = {};  // nullopt: it is new
};

using Step = std::function<Outcome<Done>(Change&)>;
// Completes what a client is shown.
using Decoration =
    std::function<Outcome<Done>(Transaction&, std::string const& path, boost::json::object& body)>;

enum class Scope { Global, Region };
enum class Labels { None, Kept };
enum class Fingerprint {
    None,
    Honoured,  // when a client sends it
    Required,  // for a patch
};

struct Kind {
    std::string_view api;         // "globalAddresses": of the methods' ids
    std::string_view collection;  // "addresses": of the paths
    std::string_view parameter;   // "address": the path's parameter for its name
    std::string_view type;        // "compute#address"
    Scope scope = Scope::Global;
    Fingerprint fingerprint = Fingerprint::None;
    Labels labels = Labels::None;
    milliseconds takes{3'000};                 // an operation
    std::vector<std::string_view> fixed = {};  // fields that stay as they were made
    Step complete = {};  // checks and completes a new or changed one; its links are whole
    Step made = {};      // when it is there: others may link to it
    Step release = {};   // before it goes
    Decoration decorate = {};
};

// "global" or "regions/r" of a project.
struct Place {
    Project project;
    std::string scope;

    [[nodiscard]] std::string path(std::string_view collection, std::string_view name) const;
};
// Errors: InvalidArgument for a region that there is not.
[[nodiscard]] Outcome<Place> place_of(Transaction& transaction, Call const& call);

// Thread safe. What is passed outlives it.
class Resources {
public:
    Resources(Store& store, Clock& clock, Operations const& operations)
        : store_(store), clock_(clock), operations_(clock, operations) {}

    Outcome<Reply> insert(Call& call, Kind const& kind);
    Outcome<Reply> get(Call& call, Kind const& kind);
    Outcome<Reply> list(Call& call, Kind const& kind);
    // Of every region, and of "global".
    Outcome<Reply> aggregated_list(Call& call, Kind const& kind);
    Outcome<Reply> patch(Call& call, Kind const& kind);
    Outcome<Reply> update(Call& call, Kind const& kind);
    Outcome<Reply> remove(Call& call, Kind const& kind);
    // Any other change of one that is there: `step` makes it. `type`: as the operation names it.
    Outcome<Reply> change(Call& call, Kind const& kind, std::string_view type, Step const& step);

    [[nodiscard]] ComputeOperations const& operations() const { return operations_; }
    [[nodiscard]] Store& store() { return store_; }
    [[nodiscard]] Clock& clock() { return clock_; }

private:
    Outcome<boost::json::object> view(Transaction& transaction, Document const& document,
                                      Kind const& kind) const;
    Outcome<boost::json::value> make(Transaction& transaction, Call& call, Place const& place,
                                     Kind const& kind);

    Store& store_;
    Clock& clock_;
    ComputeOperations const operations_;
};

// Makes a resource as insert() does, but with no operation of its own. `body` has its name.
[[nodiscard]] Outcome<Target> make_resource(Change change, Kind const& kind, WallTime ready);

// Serves these of compute.KIND: "insert", "get", "list", "aggregatedList", "patch", "update",
// "delete".
using KindPointer = std::shared_ptr<Kind const>;
using ResourcesPointer = std::shared_ptr<Resources>;
void serve_kind(Methods& methods, ResourcesPointer const& resources, KindPointer const& kind,
                std::initializer_list<std::string_view> verbs);

// compute.KIND.setLabels.
void serve_labels(Methods& methods, ResourcesPointer const& resources, KindPointer const& kind);

// `field`: "resource.name". Errors: InvalidArgument.
[[nodiscard]] Outcome<Done> check_name(std::string_view field, std::string const& name);

}  // namespace aipress::sandbox::compute
