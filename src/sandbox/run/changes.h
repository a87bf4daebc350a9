// How a service becomes what a client wishes: revisions, traffic, what is wrong. The same for both
// versions of the API.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sandbox/operations.h"
#include "sandbox/run/conditions.h"
#include "sandbox/run/resources.h"

namespace aipress::sandbox::run {

constexpr milliseconds kDeployTime{8'000};  // about what Google takes

struct Change {
    ServiceName name = {};
    std::optional<Document> current = {};  // nullopt: it is made
    boost::json::object wish = {};         // the whole of it, as v2 words a service
    std::string principal = {};
    std::string error_root = {};  // see check_service()
};

// Thread safe.
class Changes {
public:
    Changes(Store& store, Clock& clock, Operations const& operations,
            std::function<std::string()> host_problem)
        : store_(store),
          clock_(clock),
          operations_(operations),
          host_problem_(std::move(host_problem)) {}

    // Returns the service as it is then. A template that is new makes a revision. A revision that
    // cannot run, or traffic for one that is not there, is no error: the service says so. Errors:
    // InvalidArgument, AlreadyExists for a revision's name that is taken.
    [[nodiscard]] Outcome<Document> apply(Transaction& transaction, Change change) const;
    // With its revisions and its policy.
    [[nodiscard]] static Outcome<Done> remove(Transaction& transaction, ServiceName const& name);
    [[nodiscard]] static Outcome<Done> remove_revision(Transaction& transaction,
                                                       ServiceName const& name,
                                                       std::string const& revision);

    [[nodiscard]] Moment moment() const {
        return {.now = clock_.wall_now(), .host_problem = host_problem_()};
    }
    [[nodiscard]] Store& store() const { return store_; }
    [[nodiscard]] Clock& clock() const { return clock_; }
    [[nodiscard]] Operations const& operations() const { return operations_; }

private:
    [[nodiscard]] Outcome<Done> add_revision(Transaction& transaction, ServiceName const& name,
                                             boost::json::object& service) const;

    Store& store_;
    Clock& clock_;
    Operations const& operations_;
    std::function<std::string()> host_problem_;
};

// A variable's secret: "projects/NUMBER/secrets/s/versions/latest".
[[nodiscard]] std::string secret_version_of(boost::json::object const& reference,
                                            Place const& place);

// Errors: NotFound in the words of each version.
[[nodiscard]] Outcome<Document> find_service(Transaction& transaction, ServiceName const& name);
[[nodiscard]] Outcome<Document> find_revision(Transaction& transaction, ServiceName const& name,
                                              std::string_view revision);
// Whether the service's traffic reaches it, by a share or by a tag.
[[nodiscard]] Routing routing_of(boost::json::object const& service, std::string_view revision);

}  // namespace aipress::sandbox::run
