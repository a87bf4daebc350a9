#include "sql/spanner/database.h"

namespace aipress::sql::spanner {

Result<std::unique_ptr<Database>> open_database(Context const&, std::string const&,
                                                DatabaseOptions) {
    return Error(ErrorCode::Unimplemented, "spanner: not there yet");
}

}  // namespace aipress::sql::spanner
