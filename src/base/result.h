// Result<T>: a value or an Error. Ignoring one is a compiler warning, hence an error here.
//
//     Result<int> parse(std::string_view text);
//     Result<void> use() {
//         int value = TRY(parse("17"));
//         ...
//         return {};
//     }
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error.h"

namespace aipress {

template <typename T>
class [[nodiscard]] Result {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is the point of the type.
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    // REQUIRES: ok().
    [[nodiscard]] T& value() & {
        ASSERT(ok());
        return std::get<0>(state_);
    }
    [[nodiscard]] T const& value() const& {
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

    // REQUIRES: !ok().
    [[nodiscard]] Error const& error() const {
        ASSERT(!ok());
        return std::get<1>(state_);
    }
    [[nodiscard]] Error release_error() {
        ASSERT(!ok());
        return std::move(std::get<1>(state_));
    }

    [[nodiscard]] Result in_context(std::string_view context) && {
        if (ok()) return std::move(*this);
        return release_error().in_context(context);
    }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    void release() { ASSERT(ok()); }

    [[nodiscard]] Error const& error() const {
        ASSERT(!ok());
        return *error_;
    }
    [[nodiscard]] Error release_error() {
        ASSERT(!ok());
        return std::move(*error_);
    }

    [[nodiscard]] Result in_context(std::string_view context) && {
        if (ok()) return std::move(*this);
        return release_error().in_context(context);
    }

private:
    std::optional<Error> error_;
};

}  // namespace aipress

// The value of a Result, or return its error from the calling function. Not for the second member
// of a braced initializer: g++ does not destroy the first when it returns from the midst of one.
#define TRY(expression)                                                                     \
    __extension__({                                                                         \
        _Pragma("GCC diagnostic push")                                                      \
            _Pragma("GCC diagnostic ignored \"-Wshadow\"") auto try_result_ = (expression); \
        _Pragma("GCC diagnostic pop") if (!try_result_.ok())                                \
            [[unlikely]] return try_result_.release_error();                                \
        try_result_.release();                                                              \
    })
