// Google Cloud's services that a migration talks to, over one connection.
#pragma once

#include "gcp/dns.h"
#include "gcp/resource_manager.h"
#include "gcp/run.h"
#include "gcp/secret_manager.h"
#include "gcp/service_accounts.h"
#include "gcp/sql_admin.h"
#include "gcp/storage.h"

namespace aipress::migration {

// Thread safe. The connection outlives it.
struct Cloud {
    explicit Cloud(gcp::Connection const& google)
        : connection(google),
          storage(google),
          sql(google),
          run(google),
          dns(google),
          secrets(google),
          accounts(google),
          projects(google) {}

    gcp::Connection const& connection;
    gcp::Storage const storage;
    gcp::SqlAdmin const sql;
    gcp::CloudRun const run;
    gcp::Dns const dns;
    gcp::SecretManager const secrets;
    gcp::ServiceAccounts const accounts;
    gcp::ResourceManager const projects;
};

}  // namespace aipress::migration
