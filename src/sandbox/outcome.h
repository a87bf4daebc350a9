// Outcome<T>: a value, or the error that a client is answered with. What Result is to Error, this
// is to ApiError; TRY passes up either, for an Error becomes the ApiError of its code.
#pragma once

#include <utility>
#include <variant>

#include "base/result.h"
#include "sandbox/api_error.h"

namespace aipress::sandbox {

template <typename T>
class [[nodiscard]] Outcome {
public:
    // NOLINTBEGIN(google-explicit-constructor): `return value;` is the point of the type.
    Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Outcome(ApiError error) : state_(std::in_place_index<1>, std::move(error)) {}
    Outcome(Error const& error)
        : Outcome(ApiError{.code = error.code(), .message = error.message()}) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    // REQUIRES: ok().
    T release() {
        ASSERT(ok());
        return std::move(std::get<0>(state_));
    }
    // REQUIRES: !ok().
    [[nodiscard]] ApiError release_error() {
        ASSERT(!ok());
        return std::move(std::get<1>(state_));
    }

private:
    std::variant<T, ApiError> state_;
};

// For what has no value.
struct Done {};

}  // namespace aipress::sandbox
