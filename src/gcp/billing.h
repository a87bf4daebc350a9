// Cloud Billing v1: who pays for a project.
#pragma once

#include <string>

#include "gcp/connection.h"

namespace aipress::gcp {

struct ProjectBilling {
    std::string account = {};  // "billingAccounts/0123AB-…"; "": none
    bool is_enabled = false;
};

// Thread safe. The connection outlives it.
class Billing {
public:
    explicit Billing(Connection const& connection) : connection_(connection) {}

    [[nodiscard]] Outcome<ProjectBilling> get_billing(Context const& context,
                                                      std::string const& project) const;
    // Safe: the same link again; "" unlinks. Errors: FailedPrecondition when the account has as
    // many projects as it may, a quota that Google shows nowhere else.
    [[nodiscard]] Outcome<ProjectBilling> link(Context const& context, std::string const& project,
                                               std::string const& account) const;

private:
    Connection const& connection_;
};

}  // namespace aipress::gcp
