// Serves Cloud Run's services: keeps the web server in step with the store, and says what it
// cannot.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "sandbox/run/request_log.h"
#include "sandbox/run/web_server.h"
#include "sandbox/store.h"

namespace aipress::sandbox::run {

// A revision that requests reach.
struct ServedRevision {
    std::string pool = {};                 // "r12"
    std::string service = {};              // "projects/p/locations/r/services/s"
    std::string revision = {};             // "s-00001-abc"
    std::filesystem::path error_log = {};  // PHP's; not there before it has something to say
};

// A process that serves a revision.
struct Instance {
    std::string service = {};   // "projects/p/locations/r/services/s"
    std::string revision = {};  // "s-00001-abc"
    pid_t pid = 0;
    std::uint64_t worked_ns = 0;  // so long it had a processor
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
    // Where the log of requests is: see request_log.h.
    [[nodiscard]] std::filesystem::path const& folder() const { return folder_; }
    // A new log of requests begins. REQUIRES: the file before the present one has been read.
    void begin_request_log();
    // Those that run now.
    [[nodiscard]] std::vector<Instance> instances();
    [[nodiscard]] std::vector<ServedRevision> revisions();

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
