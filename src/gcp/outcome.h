// Outcome<T>: a value, or Google's error. What Result is to Error, this is to ApiError; TRY passes
// up either: an Error becomes an ApiError, and in a function that returns a Result an ApiError
// becomes an Error.
#pragma once

#include <utility>
#include <variant>

#include "base/result.h"
#include "gcp/error.h"

namespace aipress::gcp {

template <typename T>
class [[nodiscard]] Outcome {
public:
    // NOLINTBEGIN(google-explicit-constructor): `return value;` is the point of the type.
    Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Outcome(ApiError error) : state_(std::in_place_index<1>, std::move(error)) {}
    Outcome(Error error) : Outcome(ApiError(std::move(error))) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool ok() const { return state_.index() == 0; }

    // REQUIRES: ok().
    [[nodiscard]] T& value() {
        ASSERT(ok());
        return std::get<0>(state_);
    }
    [[nodiscard]] T const& value() const {
        ASSERT(ok());
        return std::get<0>(state_);
    }
    // Not [[nodiscard]]: clang would warn of every TRY that is used as a statement.
    T release() {
        ASSERT(ok());
        return std::move(std::get<0>(state_));
    }
    T* operator->() { return &value(); }
    T const* operator->() const { return &value(); }
    T& operator*() & { return value(); }
    T const& operator*() const& { return value(); }

    // REQUIRES: !ok().
    [[nodiscard]] ApiError const& error() const {
        ASSERT(!ok());
        return std::get<1>(state_);
    }
    [[nodiscard]] ApiError release_error() {
        ASSERT(!ok());
        return std::move(std::get<1>(state_));
    }

private:
    std::variant<T, ApiError> state_;
};

// For what has no value.
struct Done {};

}  // namespace aipress::gcp
