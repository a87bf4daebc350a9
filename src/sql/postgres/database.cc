#include "sql/postgres/database.h"

namespace aipress::sql::postgres {

Result<std::unique_ptr<Database>> open_database(Context const&, std::string const&,
                                                DatabaseOptions) {
    return Error(ErrorCode::Unimplemented, "postgres: not there yet");
}

}  // namespace aipress::sql::postgres
