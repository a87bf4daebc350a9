// The one error vocabulary: google.rpc codes, from the store up to the command line.
// Callers switch on the code, never on the text. Source: google/rpc/code.proto.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace aipress {

enum class ErrorCode {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
};

// "FAILED_PRECONDITION", as google.rpc spells it.
[[nodiscard]] std::string_view to_string(ErrorCode code);

class [[nodiscard]] Error {
public:
    Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    [[nodiscard]] ErrorCode code() const { return code_; }
    [[nodiscard]] std::string const& message() const { return message_; }

    // The native number of the system that failed (a MariaDB error number, an errno), 0 if none.
    [[nodiscard]] unsigned native_code() const { return native_code_; }
    Error with_native_code(unsigned native_code) && {
        native_code_ = native_code;
        return std::move(*this);
    }

    // "copying wp_posts: range 17: <message>": each layer adds what it was doing.
    [[nodiscard]] Error in_context(std::string_view context) && {
        message_.insert(0, ": ").insert(0, context);
        return std::move(*this);
    }

private:
    ErrorCode code_;
    unsigned native_code_ = 0;
    std::string message_;
};

}  // namespace aipress
