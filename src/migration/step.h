// The steps of a tenant's migration, in their order.
//
//     backup ─► provision ─┬─► database ─┬─► validate ─► routing ─► observe ─► complete
//                          └─► files    ─┘
//
// The database is copied beside the files. Routing holds the switch; from then on until complete
// the old home is kept current. Complete is done by an operator's word only.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace aipress::migration {

enum class Step { Backup, Provision, Database, Files, Validate, Routing, Observe, Complete };
inline constexpr std::size_t kSteps = 8;

// "backup", "provision", "database", "files", "validate", "routing", "observe", "complete".
[[nodiscard]] std::string_view to_string(Step step);
[[nodiscard]] std::optional<Step> step_named(std::string_view name);
// The command that runs it by hand: "migrate-database".
[[nodiscard]] std::string_view command_of(Step step);
// The action that ends it: "provision/ttl".
[[nodiscard]] std::string_view last_action_of(Step step);
// In their order.
inline constexpr std::array<Step, kSteps> kAllSteps{Step::Backup,  Step::Provision, Step::Database,
                                                    Step::Files,   Step::Validate,  Step::Routing,
                                                    Step::Observe, Step::Complete};

}  // namespace aipress::migration
