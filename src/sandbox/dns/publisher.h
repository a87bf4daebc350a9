// Brings public zones from the store to the name server, and says of their changes when they are
// done: once the server answers with what they made.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "sandbox/dns/limits.h"
#include "sandbox/dns/name_server.h"
#include "sandbox/operations.h"

namespace aipress::sandbox::dns {

struct PublisherOptions {
    std::filesystem::path folder;  // of the name server, made when it is not there
    OperationTiming timing = OperationTiming::Instant;
    bool with_server = true;  // false: as if none were installed
};

// Thread safe. A server that dies is started again.
class Publisher {
public:
    // When it returns, every public zone of the store is answered. Where Knot DNS is not installed,
    // or does not start, that is logged. The store outlives it.
    [[nodiscard]] static std::unique_ptr<Publisher> start(Store& store,
                                                          PublisherOptions const& options);
    Publisher(Publisher const&) = delete;
    Publisher& operator=(Publisher const&) = delete;
    ~Publisher();

    // Where queries are answered; 0: nowhere.
    [[nodiscard]] std::uint16_t port() const { return port_; }
    // To be called after a commit that changed what is to be answered for this name.
    void publish(std::string const& dns_name);

private:
    Publisher(Store& store, OperationTiming timing)
        : store_(store), timing_(timing), patience_(kSupervision) {}

    void run(std::stop_token const& stop);
    std::set<std::string> next_names(std::stop_token const& stop);
    void publish_all(Context const& context);
    void publish_names(Context const& context, std::set<std::string> const& names);
    // nullopt: no zone has the name.
    Outcome<std::optional<ServedZone>> hand_over(std::string const& name);
    Result<void> bring_up(Context const& context);
    bool is_answered(Context const& context, ServedZone const& zone);
    void finish(Context const& context, std::vector<ServedZone> const& zones);

    Store& store_;
    SystemClock clock_;  // a server keeps the machine's time, whatever the sandbox's is
    OperationTiming const timing_;
    std::optional<NameServer> server_;  // the thread's, once it runs
    std::set<std::string> unfinished_;  // published, but not answered yet
    milliseconds patience_;             // until they and the server are looked at again
    std::atomic<std::uint16_t> port_ = 0;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::set<std::string> names_;  // to be published
    std::jthread thread_;          // last: it ends first
};

}  // namespace aipress::sandbox::dns
