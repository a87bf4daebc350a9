// What a command prints: data for stdout as text, failures on stderr.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/argument_values.h"
#include "mover/compare.h"
#include "mover/preflight.h"
#include "mover/report.h"
#include "mysql/schema.h"

namespace aipress::cli {

// Does a process work on the move right now?
enum class Running { Yes, No, NotSaid };

// JSON: one object on one line, fields as in mover/report.h, `running` when said.
[[nodiscard]] std::string render_report(mover::Report const& report, Running running,
                                        OutputFormat format);
[[nodiscard]] std::string render_preflight(mover::PreflightReport const& report,
                                           OutputFormat format);
[[nodiscard]] std::string render_comparison(mover::CompareReport const& report,
                                            OutputFormat format);
// --dry-run: the findings, then what would be done with which table.
[[nodiscard]] std::string render_plan(mover::PreflightReport const& findings,
                                      mysql::Schema const& schema,
                                      mover::MoveOptions const& options, OutputFormat format);

// "error: …" and, unless empty, "next: …".
[[nodiscard]] std::string render_failure(std::string_view message, std::string_view next);

void print_data(std::string_view text);
void print_failure(std::string_view message, std::string_view next);

// 2 for what the operator typed, 1 for all else.
[[nodiscard]] int exit_code(Error const& error);

}  // namespace aipress::cli
