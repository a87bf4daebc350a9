// What the commands below `aipress tenant` print.
#pragma once

#include <string>
#include <vector>

#include "cli/argument_values.h"
#include "migration/migration.h"
#include "migration/summary.h"

namespace aipress::cli {

[[nodiscard]] std::string render_summary(migration::Summary const& summary, OutputFormat format);
// Why it stands where it stands.
[[nodiscard]] std::string render_why(migration::Summary const& summary, OutputFormat format);
// The oldest first.
[[nodiscard]] std::string render_history(std::vector<migration::JournalContent> const& migrations,
                                         OutputFormat format);
// --dry-run
[[nodiscard]] std::string render_migration_plan(migration::MigrationPlan const& plan,
                                                OutputFormat format);

}  // namespace aipress::cli
