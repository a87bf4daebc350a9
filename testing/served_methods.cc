#include "testing/served_methods.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "json/fields.h"
#include "sandbox/request_journal.h"
#include "sandbox/sandbox.h"

namespace aipress::testing {

void record_served_methods(std::filesystem::path const& data) {
    auto const* const path = std::getenv("AIPRESS_SERVED_METHODS");
    if (path == nullptr) return;
    auto const entries = sandbox::read_requests(sandbox::journal_file(data));
    if (!entries.ok()) return;
    std::set<std::string> served;
    for (auto const& entry : entries.value()) {
        auto const method = json::get_string(entry, "method");
        auto const version = json::get_string(entry, "version");
        auto const status = json::get_integer(entry, "status");
        if (!method.ok() || method.value().empty() || !version.ok() || !status.ok()) continue;
        // 308 is Cloud Storage's "go on with your upload".
        if (status.value() >= 200 && status.value() < 400) {
            served.insert(method.value() + " " + version.value());
        }
    }
    std::ofstream file(path, std::ios::app);
    for (auto const& line : served) file << line << '\n';
}

}  // namespace aipress::testing
