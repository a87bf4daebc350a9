// Who works on a tenant's migration, for processes on different machines: an object in Cloud
// Storage, taken and renewed by its generation. Whoever is paused past its lease and wakes up finds
// another generation there, and stops.
// A process that died on this machine, since its last start, is known to be gone: its lease is free
// at once.
//
// Expiry is by wall clocks: machines whose clocks are further apart than kClockSkew can both hold
// it for that difference.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <thread>

#include "gcp/storage.h"

namespace aipress::migration {

inline constexpr milliseconds kLeaseTime{60'000};
inline constexpr milliseconds kClockSkew{5'000};

struct LeaseName {
    std::string bucket = {};
    std::string object = {};
    // Shown to whoever does not get it.
    std::string holder = {};
    std::string machine = {};  // this machine, until it is started anew
    pid_t process = 0;
};
// Of this process: "host:pid".
[[nodiscard]] LeaseName lease_of_this_process(std::string bucket, std::string object);

// Thread safe. The clock and the storage outlive it.
class Lease {
public:
    // Errors: Unavailable when another holds it, with who and until when.
    [[nodiscard]] static Result<std::unique_ptr<Lease>> take(Context const& context,
                                                             gcp::Storage const& storage,
                                                             LeaseName name,
                                                             milliseconds lifetime = kLeaseTime);
    // Gives it back, as far as Google can be reached.
    ~Lease();
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;

    // Stopped when the lease is lost.
    [[nodiscard]] std::stop_token held() const { return lost_.get_token(); }
    // Why it was lost. Ok: it is held.
    [[nodiscard]] Result<void> check() const;
    // Grows by every change: the fencing token.
    [[nodiscard]] gcp::Generation generation() const;

private:
    Lease(Clock& clock, gcp::Storage const& storage, LeaseName name, milliseconds lifetime);
    Result<void> write(Context const& context, gcp::Generation expected);
    void keep(std::stop_token const& stop);
    void lose(std::string const& why);

    Clock& clock_;
    gcp::Storage const& storage_;
    LeaseName const name_;
    milliseconds const lifetime_;
    mutable std::mutex mutex_;
    gcp::Generation generation_ = 0;
    SteadyTime good_until_;
    std::string why_lost_;
    std::stop_source lost_;
    std::jthread keeper_;
};

}  // namespace aipress::migration
