// IAM v1: service accounts.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "gcp/connection.h"

namespace aipress::gcp {

struct ServiceAccountName {
    std::string project = {};
    std::string account = {};  // 6 to 30 characters: "tenant-001"

    [[nodiscard]] std::string email() const;
};

// Thread safe. The connection outlives it.
class ServiceAccounts {
public:
    explicit ServiceAccounts(Connection const& connection) : connection_(connection) {}

    [[nodiscard]] Outcome<boost::json::object> get(Context const& context,
                                                   ServiceAccountName const& name) const;
    // Safe by a look for the account. Errors: AlreadyExists. It may be a minute before all of
    // Google knows of it.
    [[nodiscard]] Outcome<boost::json::object> create(Context const& context,
                                                      ServiceAccountName const& name,
                                                      std::string const& display_name) const;
    // Safe: what is gone is gone.
    [[nodiscard]] Outcome<Done> remove(Context const& context,
                                       ServiceAccountName const& name) const;

private:
    Connection const& connection_;
};

}  // namespace aipress::gcp
