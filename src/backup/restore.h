// A home made from a backup again: what it takes, what was done.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backup/database_record.h"
#include "backup/proof.h"
#include "fleet/home.h"

namespace aipress::backup {

enum class DatabaseChoice {
    OnlyEmpty,  // one that holds anything else than the backup is left alone
    Replace,    // it is dropped; what was written since the backup is lost
};

struct RestoreOrder {
    std::string tenant = {};
    std::string backup = {};
    fleet::Home home = {};          // to be restored; not always the one that was backed up
    mysql::Endpoint database = {};  // of the home's; its database is the home's
    Scratch scratch = {};
    DatabaseChoice choice = DatabaseChoice::OnlyEmpty;
};

enum class DatabaseState { Absent, Empty, Restored, Other };
[[nodiscard]] std::string_view to_string(DatabaseState state);

enum class SecretAction {
    Keep,       // the live one is the backup's
    Add,        // the secret is there, and a version is added
    Make,       // the secret is made, with its labels and readers
    Elsewhere,  // of a project that is not the home's: it is another home's
};
[[nodiscard]] std::string_view to_string(SecretAction action);

struct SecretPlan {
    std::string secret = {};  // "projects/p/secrets/s/versions/3": what the backup holds
    SecretAction action = SecretAction::Keep;
    std::string added = {};  // version that restore() has added: "4"
    // The service asks for that very number, and has to be told the new one.
    bool is_pinned = false;
};

struct FilePlan {
    std::uint64_t same = 0;
    std::uint64_t missing = 0;
    std::uint64_t different = 0;
    std::uint64_t extra = 0;  // in the home and not in the backup: they are left
};

struct RestorePlan {
    DatabaseState database = DatabaseState::Absent;
    std::uint64_t tables = 0;  // that are there now
    FilePlan files = {};
    std::vector<SecretPlan> secrets = {};
    // {"was", "is"}: the service in the backup and the live one (null when it is gone), without the
    // values of their environment. It is shown, and never changed.
    boost::json::object service = {};
};

struct RestoreReport {
    Proof proof = {};
    RestorePlan found = {};  // as it was before, with the versions that were added
    bool is_database_loaded = false;
    DatabaseCheck database = {};
    std::uint64_t files_written = 0;
    milliseconds took{0};
};

[[nodiscard]] boost::json::object to_json(RestorePlan const& plan);
[[nodiscard]] boost::json::object to_json(RestoreReport const& report);

}  // namespace aipress::backup
