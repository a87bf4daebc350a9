// Which methods a test made the sandbox serve, for tools/make_reference.
#pragma once

#include <filesystem>

namespace aipress::testing {

// Appends "METHOD VERSION" for each request of the journal in `data` that went well to the file
// that AIPRESS_SERVED_METHODS names; does nothing when it names none.
void record_served_methods(std::filesystem::path const& data);

}  // namespace aipress::testing
