// What goes wrong on purpose with the operation that a request starts: between the front end, which
// decides it, and those who start operations.
#pragma once

#include <functional>
#include <optional>

#include "sandbox/service.h"

namespace aipress::sandbox {

struct OperationFault {
    enum class Kind { Slow, Failed, HalfMade };
    Kind kind = Kind::Slow;
    milliseconds slower{0};  // of Slow
    ApiError error = {};     // of Failed and HalfMade: how the operation ends
    // Set by those who start operations. A method that starts none is not harmed.
    bool is_taken = false;
    // Of Failed: once the call's transaction is undone, this keeps the failed operation and says
    // what the client is told of it.
    std::function<Outcome<Reply>(Transaction&)> fail = {};
};

// How much longer the operation takes that this call starts.
[[nodiscard]] milliseconds take_slowness(Call const& call);
// Whether nothing of it is to be done: then fail_instead() is what the transaction ends with.
[[nodiscard]] bool is_to_fail(Call const& call);
// REQUIRES: is_to_fail(). `fail` keeps an operation that ends with the error, in a transaction of
// its own. Returns an error that undoes the call's.
[[nodiscard]] ApiError fail_instead(
    Call const& call, std::function<Outcome<Reply>(Transaction&, ApiError const&)> fail);
// How the operation ends, of what was half made; nullopt: it is made wholly.
[[nodiscard]] std::optional<ApiError> take_half_made(Call const& call);

}  // namespace aipress::sandbox
