// How commands reach the fleet's store, by its URL.
#pragma once

#include <memory>
#include <string>

#include "base/context.h"
#include "cli/google_access.h"
#include "sql/database.h"

namespace aipress::cli {

class StoreAccess {
public:
    // The context's clock outlives it. Errors: those of sql::Database::open and, for Cloud Spanner,
    // of GoogleAccess::open.
    [[nodiscard]] static Result<std::unique_ptr<StoreAccess>> open(
        Context const& context, std::string const& url,
        sql::MissingFile missing_file = sql::MissingFile::Create);

    [[nodiscard]] sql::Database& database() { return *database_; }

private:
    std::unique_ptr<GoogleAccess> google_;  // for Cloud Spanner only
    std::unique_ptr<sql::Database> database_;
};

}  // namespace aipress::cli
