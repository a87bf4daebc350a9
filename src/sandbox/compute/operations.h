// Compute's operations, "compute#operation". An operation's effect is in the store with it; its
// state is told by the clock, so a restart forgets none:
//
//     PENDING -> RUNNING -> DONE
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/compute/documents.h"
#include "sandbox/operations.h"
#include "sandbox/service.h"

namespace aipress::sandbox::compute {

// What an operation is about.
struct Target {
    std::string path;
    std::string id;
};

// Thread safe. What is passed outlives it.
class ComputeOperations {
public:
    ComputeOperations(Clock& clock, Operations const& timing) : clock_(clock), timing_(timing) {}

    // Returns what the client is told. `type`: "insert". The operation is in the target's project
    // and region. Errors: the one that undoes the call, when its operation is to fail on purpose.
    [[nodiscard]] Outcome<boost::json::value> start(Transaction& transaction, Call const& call,
                                                    std::string_view type, Target const& target,
                                                    milliseconds takes) const;
    // The operation that a call with the same requestId has begun; nullopt: there is none.
    [[nodiscard]] Outcome<std::optional<boost::json::value>> repeated(
        Transaction& transaction, Call const& call, std::string_view project) const;
    // As it is now. `stored`: its document.
    [[nodiscard]] boost::json::object view(boost::json::object stored) const {
        return view_at(std::move(stored), clock_.wall_now());
    }
    // When one that begins now will be done.
    [[nodiscard]] WallTime done_at(milliseconds takes) const { return timing_.done_at(takes); }

private:
    struct Begun {
        std::string type;
        Target target;
        std::string user;
        std::string request;  // "requestId" of the call
        WallTime done;
    };
    [[nodiscard]] Outcome<boost::json::value> store(Transaction& transaction, Begun const& begun,
                                                    std::optional<ApiError> const& error) const;
    [[nodiscard]] static boost::json::object view_at(boost::json::object stored, WallTime now);

    Clock& clock_;
    Operations const& timing_;
};

}  // namespace aipress::sandbox::compute
