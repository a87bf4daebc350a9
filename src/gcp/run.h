// Cloud Run v2: services and their revisions. A change is over when the new revision serves, or
// does not.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>

#include "gcp/connection.h"
#include "gcp/iam_policy.h"

namespace aipress::gcp {

struct RunServiceName {
    std::string project = {};
    std::string location = {};  // "us-central1"
    std::string service = {};
};

// Thread safe. The connection outlives it.
class CloudRun {
public:
    explicit CloudRun(Connection const& connection) : connection_(connection) {}

    [[nodiscard]] Outcome<boost::json::object> get_service(Context const& context,
                                                           RunServiceName const& name) const;
    // `location` "-" for all of them.
    [[nodiscard]] Outcome<Done> list_services(Context const& context, std::string const& project,
                                              std::string const& location,
                                              Connection::Visitor const& visit) const;
    // `service` as Google's Service. The answer is the service, ready. Safe by a look for the name.
    // Errors: AlreadyExists; FailedPrecondition when it does not become ready, with Google's
    // reason.
    [[nodiscard]] Outcome<boost::json::object> create_service(Context const& context,
                                                              RunServiceName const& name,
                                                              boost::json::object service) const;
    // Reads the service, lets `change` change it, and writes it with the etag that was read; again
    // where somebody was faster. `change` returns false when nothing is to be done, so this is safe
    // to repeat. It gets what was read each time anew.
    using Change = std::function<bool(boost::json::object& service)>;
    [[nodiscard]] Outcome<boost::json::object> update_service(Context const& context,
                                                              RunServiceName const& name,
                                                              Change const& change) const;
    // `revision`: "tenant-001-00002-abc".
    [[nodiscard]] Outcome<boost::json::object> get_revision(Context const& context,
                                                            RunServiceName const& name,
                                                            std::string const& revision) const;
    // Where its traffic goes, and nothing else of it: the template need not be deployable. Safe as
    // update_service(). The answer is the service as soon as `is_observed` says of it that Cloud
    // Run has carried the change out; Google itself is asked to wait, so that this is heard without
    // delay. Errors: FailedPrecondition when Cloud Run has settled otherwise, with its reason.
    // `traffic` gets what was read each time anew; nullopt: nothing is to be done.
    using Traffic =
        std::function<std::optional<boost::json::array>(boost::json::object const& service)>;
    using Observed = std::function<bool(boost::json::object const& service)>;
    [[nodiscard]] Outcome<boost::json::object> update_traffic(Context const& context,
                                                              RunServiceName const& name,
                                                              Traffic const& traffic,
                                                              Observed const& is_observed) const;
    // Safe: what is gone is gone.
    [[nodiscard]] Outcome<Done> delete_service(Context const& context,
                                               RunServiceName const& name) const;
    // Google's Policy.
    [[nodiscard]] Outcome<boost::json::object> get_policy(Context const& context,
                                                          RunServiceName const& name) const;
    // Safe by the policy's etag. `allUsers` with roles/run.invoker makes a site public.
    [[nodiscard]] Outcome<Done> grant(Context const& context, RunServiceName const& name,
                                      IamBinding const& binding) const;

private:
    Outcome<boost::json::object> wait_until_ready(Context const& context,
                                                  RunServiceName const& name) const;
    Outcome<boost::json::object> wait_until_observed(Context const& context,
                                                     RunServiceName const& name,
                                                     Observed const& is_observed) const;

    Connection const& connection_;
};

}  // namespace aipress::gcp
