// Which Cloud Run service answers for a tenant's host: its domain mapping.
//
// Both homes may have a mapping of the host; the one that was forced last answers, the other one is
// there and not ready. The new home's takes over without a gap: the old one answers until then.
#pragma once

#include <optional>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "fleet/home.h"
#include "gcp/domain_mappings.h"

namespace aipress::routing {

// A host's mapping in one home, to be journaled before it is changed.
struct Mapping {
    std::string project = {};
    std::string region = {};
    std::string service = {};  // that it sends the host to; "": there is no mapping here
    bool is_answering = false;

    bool operator==(Mapping const&) const = default;
};

// Thread safe. The connection outlives it.
class Front {
public:
    explicit Front(gcp::Connection const& connection) : connection_(connection) {}

    // As it is now, in this home's project and region. Changes nothing.
    [[nodiscard]] Result<Mapping> read(Context const& context, std::string const& host,
                                       fleet::Home const& home) const;

    // Afterwards the home's service answers for the host; its mapping is ready, with a certificate.
    // Does nothing when that is so already: safe to repeat. A mapping elsewhere stays, and answers
    // until this one does. Where this home has a mapping that was overridden, it is made anew,
    // which is how it comes to answer again. Errors: FailedPrecondition when the home's project
    // maps the host to another service, or Google says why it does not become ready;
    // DeadlineExceeded.
    [[nodiscard]] Result<gcp::DomainMapping> map_to(Context const& context, std::string const& host,
                                                    fleet::Home const& home) const;

    // The undo of map_to(host, home): first `before`, what read() said of the other home, answers
    // again (nothing is done there when it had no mapping), then the home's mapping is deleted.
    // Safe to repeat. Errors: as map_to(); the home's mapping is there still then.
    [[nodiscard]] Result<void> map_back(Context const& context, std::string const& host,
                                        fleet::Home const& home, Mapping const& before) const;

private:
    gcp::Connection const& connection_;
};

}  // namespace aipress::routing
