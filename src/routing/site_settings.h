// What ties a Cloud Run service to a home: its database and the folder of its uploads, as its
// revision template words them.
//
// Environment: DB_HOST, DB_NAME, DB_USER and DB_PASSWORD, or the same with WORDPRESS_ before them
// as Docker's official image has them. Uploads: a Cloud Storage volume, by preference the one that
// is mounted at …/wp-content/uploads; gcsfuse's option only-dir names the folder. Of several
// containers it is the first that has either.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace aipress::routing {

inline constexpr std::uint16_t kMysqlPort = 3306;

struct SiteSettings {
    std::string database_host = {};  // "10.0.0.5"; "" where it is reached by a socket
    std::uint16_t database_port = kMysqlPort;
    // Cloud SQL's connection name, "project:region:instance", where a socket below /cloudsql/ is
    // used. Read, not written.
    std::string socket_instance = {};
    std::string database = {};
    std::string user = {};
    // Secret Manager's: "tenant-001-db-password" in the service's own project, or
    // "projects/…/secrets/…".
    std::string password_secret = {};
    std::string bucket = {};
    std::string prefix = {};  // in the bucket: "" or "tenants/tenant-001/"

    bool operator==(SiteSettings const&) const = default;
};

// Of a service as Cloud Run v2 shows it. Errors: FailedPrecondition, naming every part that is
// missing or that is no secret but a plain value; no value is shown.
[[nodiscard]] Result<SiteSettings> read_settings(boost::json::object const& service);

// The same of a revision or a revision template. `what` begins the error.
[[nodiscard]] Result<SiteSettings> read_template_settings(boost::json::object const& revision,
                                                          std::string const& what);

// Puts them where the template has its own, in its own spelling; all else stays. Errors:
// FailedPrecondition as read_settings(); InvalidArgument for settings that are not whole, or by
// socket.
[[nodiscard]] Result<void> write_settings(boost::json::object& revision_template,
                                          SiteSettings const& settings);

// Puts back, word by word, what write_settings() changed: as the revision `from` has it. Errors:
// FailedPrecondition when one of both has no such place.
[[nodiscard]] Result<void> copy_settings(boost::json::object& revision_template,
                                         boost::json::object const& from);

}  // namespace aipress::routing
