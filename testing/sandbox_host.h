// A sandbox in this process, in a folder of its own, and a client that asks it. Every JSON answer
// is held against the shape that Google's discovery document gives it: one that is not of it
// throws, which GoogleTest reports as the test's failure.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "sandbox/sandbox.h"
#include "testing/http_client.h"
#include "testing/temporary_directory.h"

namespace aipress::testing {

// Not thread safe.
class SandboxHost {
public:
    // The clock outlives it. Throws when it cannot be started.
    explicit SandboxHost(Clock& clock, sandbox::SandboxOptions options = {});
    SandboxHost(SandboxHost const&) = delete;
    SandboxHost& operator=(SandboxHost const&) = delete;
    ~SandboxHost();

    // `path` with its query; "//dns.googleapis.com/dns/v1/…" names the host too.
    HttpAnswer call(std::string const& verb, std::string_view path, std::string body = "",
                    HttpHeaders headers = {});
    HttpAnswer get(std::string_view path) { return call("GET", path); }
    HttpAnswer remove(std::string_view path) { return call("DELETE", path); }
    HttpAnswer post(std::string_view path, boost::json::value const& body);
    HttpAnswer patch(std::string_view path, boost::json::value const& body);
    HttpAnswer put(std::string_view path, boost::json::value const& body);

    // Ends it and starts it again on the same folder.
    void restart();
    [[nodiscard]] std::uint16_t port() const { return sandbox_->port(); }
    [[nodiscard]] std::uint16_t dns_port() const { return sandbox_->dns_port(); }
    [[nodiscard]] sandbox::Sandbox& sandbox() { return *sandbox_; }
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }

private:
    TemporaryDirectory folder_;
    Clock& clock_;
    sandbox::SandboxOptions options_;
    std::unique_ptr<sandbox::Sandbox> sandbox_;
    HttpClient client_;
};

}  // namespace aipress::testing
