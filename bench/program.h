// What the programs of this folder have in common: options in, a table and a JSON file out.
#pragma once

#include <span>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "bench/options.h"
#include "bench/results.h"

namespace aipress::bench {

// Adds its figures; those that it has when it fails are shown too.
using Measure = Result<void> (*)(Context const&, Options const&, std::vector<Figure>&);

// The exit code: 0 when all was measured, reached or not (the table says which); 1 when something
// failed; 2 for options that are none.
[[nodiscard]] int run_program(Program const& program, Measure measure, int argc,
                              char const* const* argv);

}  // namespace aipress::bench
