// What is true of a tenant in the end, asked of DNS, of Google's APIs, of its database and of its
// site: never of the program.
#pragma once

#include "base/context.h"
#include "base/result.h"
#include "testing/rehearsal/drill/migration.h"

namespace aipress::drill {

// Fills in Told (of the program) and Writes, and adds to the faults. Errors: what could not be
// asked.
[[nodiscard]] Result<void> look_at(Context const& context, Options const& options,
                                   Operator const& by, Journey& journey);

// Values of secrets of either project that are in a file below one of the folders: "FILE has the
// value of SECRET". Errors: what could not be asked or read.
[[nodiscard]] Result<std::vector<std::string>> find_secrets(
    Context const& context, Operator const& by, Journeys const& journeys,
    std::vector<std::filesystem::path> const& folders);

}  // namespace aipress::drill
