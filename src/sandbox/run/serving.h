// Serves Cloud Run's services: keeps the web server in step with the store, and says what it
// cannot.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "sandbox/run/web_server.h"
#include "sandbox/store.h"

namespace aipress::sandbox::run {

// One request that a service was asked.
struct ServedRequest {
    WallTime time = {};         // when it was answered
    std::string service = {};   // "projects/p/locations/r/services/s"
    std::string revision = {};  // "s-00001-abc"; empty: none could serve it
    std::string host = {};
    std::string method = {};
    std::string path = {};  // with its query
    int status = 0;
    double latency_seconds = 0;
    std::uint64_t bytes = 0;  // of the answer's body
    std::string remote = {};
    std::string agent = {};
};
struct ServedRequests {
    std::vector<ServedRequest> requests = {};
    std::uint64_t next = 0;  // where to go on
};

// Thread safe. The store outlives it.
class Serving {
public:
    Serving(Store const& store, std::filesystem::path folder, milliseconds idle_time);
    ~Serving();  // stop()
    Serving(Serving const&) = delete;
    Serving& operator=(Serving const&) = delete;

    // Serves what the store has. `storage_port`: where the sandbox itself listens. Programs that
    // are not installed or do not start are no error: problem() says so. `moved` is told whenever
    // port() is another; it is short and asks nothing of this object but port().
    void start(std::uint16_t storage_port, std::function<void()> moved);
    // What is in the store before the call is served when it returns, or problem() says why not.
    // Calls that come together share the work.
    void refresh();
    void stop();

    // Why nothing is served; empty: all is well.
    [[nodiscard]] std::string problem() const;
    // Where the sites are, each by its host's name; 0 when nothing can be served. The same after a
    // restart, unless somebody else has taken it.
    [[nodiscard]] std::uint16_t port() const;
    // The requests from `since` on, in the order in which they were answered, at most
    // limits::kRunRequestsTaken; 0 for the beginning, then `next` of the answer before. Positions
    // hold until the sandbox is started again.
    [[nodiscard]] ServedRequests take_requests(std::uint64_t since) const;

private:
    std::uint16_t choose_port();
    void apply(std::lock_guard<std::mutex> const& proof);
    void watch(std::stop_token const& stop);

    Store const& store_;
    std::filesystem::path const folder_;
    milliseconds const idle_time_;
    std::function<void()> moved_;
    SystemClock clock_;  // processes start in real time, whatever the sandbox's clock says

    std::mutex applying_;  // held while the web server changes
    std::unique_ptr<WebServer> server_;
    std::uint64_t applied_ = 0;

    mutable std::mutex mutex_;  // of what follows; taken after applying_
    std::condition_variable_any changed_;
    std::uint64_t asked_ = 0;
    std::string problem_;
    std::uint16_t port_ = 0;
    std::jthread watcher_;
};

// Where a sandbox's data folder has what is served.
[[nodiscard]] std::filesystem::path serving_folder(std::filesystem::path const& data);

}  // namespace aipress::sandbox::run
