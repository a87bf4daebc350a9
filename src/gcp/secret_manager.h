// Secret Manager v1.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "gcp/connection.h"
#include "gcp/credentials.h"
#include "gcp/iam_policy.h"

namespace aipress::gcp {

struct SecretName {
    std::string project = {};
    std::string secret = {};
};

// Thread safe. The connection outlives it.
class SecretManager {
public:
    explicit SecretManager(Connection const& connection) : connection_(connection) {}

    [[nodiscard]] Outcome<boost::json::object> get_secret(Context const& context,
                                                          SecretName const& name) const;
    [[nodiscard]] Outcome<Done> list_secrets(Context const& context, std::string const& project,
                                             Connection::Visitor const& visit) const;
    // `secret` as Google's Secret; without a replication: automatic. Safe by a look for the name.
    // Errors: AlreadyExists.
    [[nodiscard]] Outcome<boost::json::object> create_secret(Context const& context,
                                                             SecretName const& name,
                                                             boost::json::object secret) const;
    // Its number. Safe: after a lost answer a latest version that holds these bytes is this one.
    [[nodiscard]] Outcome<std::string> add_version(Context const& context, SecretName const& name,
                                                   Secret const& payload) const;
    // As Google's SecretVersion, without the bytes; its name tells the number of "latest".
    [[nodiscard]] Outcome<boost::json::object> get_version(Context const& context,
                                                           SecretName const& name,
                                                           std::string const& version) const;
    // As Google's Policy, with its conditions.
    [[nodiscard]] Outcome<boost::json::object> get_policy(Context const& context,
                                                          SecretName const& name) const;
    // `version`: a number or "latest". Errors: DataLoss when the bytes that came are not what was
    // stored; FailedPrecondition when the version is disabled or destroyed.
    [[nodiscard]] Outcome<Secret> access_version(Context const& context, SecretName const& name,
                                                 std::string const& version) const;
    // Safe: what is gone is gone.
    [[nodiscard]] Outcome<Done> delete_secret(Context const& context, SecretName const& name) const;
    // Safe by the policy's etag.
    [[nodiscard]] Outcome<Done> grant(Context const& context, SecretName const& name,
                                      IamBinding const& binding) const;

private:
    Connection const& connection_;
};

}  // namespace aipress::gcp
