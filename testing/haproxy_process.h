// The edge as it is deployed: Debian's HAProxy with deploy/haproxy/, its maps in a temporary folder
// and its ports free ones. Gone without a trace when the object is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace aipress::testing {

struct HaproxyOptions {
    // Where the runtime API is: TCP for a test that breaks its connections.
    enum class Runtime { UnixSocket, Tcp };
    Runtime runtime = Runtime::UnixSocket;
    unsigned hold_requests = 200;  // of a tenant
    unsigned hold_ms = 20'000;     // each
    std::string certificate = {};  // PEM with its key: visitors may come by TLS then
    std::string authority = {};    // PEM: who signs for sites that are reached by TLS
};

// Not thread safe.
class HaproxyProcess {
public:
    // Takes connections when this returns, with empty maps. Errors: NotFound when it is not
    // installed (say so and skip).
    [[nodiscard]] static Result<HaproxyProcess> start(HaproxyOptions options = {});
    HaproxyProcess(HaproxyProcess&&) noexcept;
    HaproxyProcess& operator=(HaproxyProcess&&) noexcept;
    ~HaproxyProcess();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::uint16_t tls_port() const;
    [[nodiscard]] std::uint16_t runtime_port() const;  // of Runtime::Tcp
    [[nodiscard]] std::string socket() const;          // the runtime API's address
    [[nodiscard]] std::string routes() const;          // the maps' files
    [[nodiscard]] std::string held() const;

    void kill();                           // SIGKILL, and wait
    [[nodiscard]] Result<void> restart();  // with what is in the maps' files

private:
    struct Impl;
    explicit HaproxyProcess(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::testing
