// A sandbox in this process in which something goes wrong on purpose.
#pragma once

#include <fmt/format.h>
#include <fstream>
#include <string>
#include <vector>

#include "sandbox/request_journal.h"
#include "testing/must.h"
#include "testing/sandbox_host.h"

namespace aipress::testing {

// Not thread safe.
class FaultySandbox {
public:
    // `rules`: what stands in "rules" of a file of faults, without its brackets. The clock outlives
    // it.
    FaultySandbox(Clock& clock, std::string const& rules)
        : folder_(must(TemporaryDirectory::make())),
          host_(clock, {.faults = write_file(rules), .seed = 1}) {}

    [[nodiscard]] SandboxHost& host() { return host_; }
    HttpAnswer make_secret(std::string_view id) {
        return host_.call("POST", fmt::format("{}?secretId={}", kSecrets, id),
                          R"({"replication": {"automatic": {}}})");
    }
    int status_of_secret(std::string_view id) {
        return host_.get(fmt::format("{}/{}", kSecrets, id)).status;
    }
    // Of every request so far, "" for none.
    [[nodiscard]] std::vector<std::string> journaled_faults() const {
        std::vector<std::string> faults;
        for (auto const& entry :
             must(sandbox::read_requests(sandbox::journal_file(host_.data())))) {
            auto const* const fault = entry.if_contains("fault");
            faults.emplace_back(fault == nullptr ? std::string_view()
                                                 : std::string_view(fault->as_string()));
        }
        return faults;
    }

    static constexpr std::string_view kSecrets = "/v1/projects/sandbox-project/secrets";

private:
    std::filesystem::path write_file(std::string const& rules) {
        auto file = folder_ / "faults.json";
        std::ofstream(file) << fmt::format(R"({{"rules": [{}]}})", rules);
        return file;
    }

    TemporaryDirectory folder_;
    SandboxHost host_;
};

}  // namespace aipress::testing
