// Which request meets which fault, and what the front end does about it.
//
// Repeatable: whether the k-th request that matches a rule meets its fault depends on the seed, the
// rule's place in the file and k alone, so that other requests shift nothing. k begins at 1 with
// every start of the sandbox.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sandbox/fault_rules.h"
#include "sandbox/operation_fault.h"

namespace aipress::sandbox {

// Thread safe, but for what is set before the first request. The clock outlives it.
class Faults {
public:
    Faults(Clock& clock, std::uint64_t seed) : clock_(clock), seed_(seed) {}

    // Both before the first request.
    void set_rules(std::vector<FaultRule> rules);
    // What is done to a Cloud SQL instance; `kind` is one of the two of instances. Whether it could
    // be.
    using Harm = std::function<bool(FaultKind kind, std::string const& project,
                                    std::string const& instance)>;
    void set_harm(Harm harm) { harm_ = std::move(harm); }

    // The rule whose fault this request meets; nullptr: none. Of several the first. Each call
    // counts for every rule that matches.
    [[nodiscard]] FaultRule const* next(Method const& method, PathParameters const& path);
    // The same, of the k-th request that matches the rule.
    [[nodiscard]] bool is_hit(std::size_t rule, std::uint64_t k) const;

    // Whether it could be done.
    [[nodiscard]] bool harm(FaultKind kind, std::string const& project,
                            std::string const& instance) const;
    // Waits with an answer, until stop() at the longest.
    void delay(FaultRule const& rule) const;
    void stop() { stopping_.request_stop(); }

private:
    Clock& clock_;
    std::uint64_t const seed_;
    std::vector<FaultRule> rules_;
    Harm harm_;
    std::mutex mutex_;
    std::vector<std::uint64_t> counts_;  // by rule
    mutable std::stop_source stopping_;
};

// What a request is answered with that is refused; nullopt: the kind refuses none.
[[nodiscard]] std::optional<ApiError> refusal_of(FaultRule const& rule, std::string_view service);
// For the operation that a request starts; nullopt: the kind is not about those.
[[nodiscard]] std::optional<OperationFault> operation_fault_of(FaultRule const& rule);
// Cuts the connection where the kind says so.
void cut(FaultRule const& rule, http::Request const& request, http::Response& response);

}  // namespace aipress::sandbox
