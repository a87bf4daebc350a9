// Service Usage v1: which of Google's APIs a project may call.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "gcp/connection.h"

namespace aipress::gcp {

// Thread safe. The connection outlives it.
class ServiceUsage {
public:
    explicit ServiceUsage(Connection const& connection) : connection_(connection) {}

    // "run.googleapis.com", … in as few calls as Google allows (20 services each). Safe: what is
    // enabled stays so. Errors: FailedPrecondition when one needs a billing account.
    [[nodiscard]] Outcome<Done> enable(Context const& context, std::string const& project,
                                       std::vector<std::string> const& services) const;
    // Their names.
    [[nodiscard]] Outcome<std::vector<std::string>> list_enabled(Context const& context,
                                                                 std::string const& project) const;

private:
    Connection const& connection_;
};

}  // namespace aipress::gcp
