#include "cli/store_access.h"

namespace aipress::cli {

Result<std::unique_ptr<StoreAccess>> StoreAccess::open(Context const& context,
                                                       std::string const& url,
                                                       sql::MissingFile missing_file) {
    auto access = std::make_unique<StoreAccess>();
    sql::DatabaseOptions options{.missing_file = missing_file};
    if (url.starts_with("spanner://")) {
        access->google_ = TRY(GoogleAccess::open(context.clock()));
        options.google = &access->google_->connection();
    }
    access->database_ = TRY(sql::Database::open(context, url, options));
    return access;
}

}  // namespace aipress::cli
