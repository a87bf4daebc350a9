#include "sql/postgres/sql_state.h"

#include <charconv>

namespace aipress::sql::postgres {
namespace {

constexpr int kStateDigits = 36;

}  // namespace

unsigned state_number(std::string_view state) {
    unsigned number = 0;
    auto const read =
        std::from_chars(state.data(), state.data() + state.size(), number, kStateDigits);
    return read.ec == std::errc() ? number : 0;
}

ErrorCode code_of(std::string_view state) {
    if (state == "23505") return ErrorCode::AlreadyExists;
    if (state == "3D000") return ErrorCode::NotFound;
    if (state == "42501") return ErrorCode::PermissionDenied;
    if (state == "53300" || state == "57P03") return ErrorCode::Unavailable;
    if (state == "57014") return ErrorCode::DeadlineExceeded;
    auto const kind = state.substr(0, 2);
    if (kind == "40") return ErrorCode::Aborted;
    if (kind == "23" || kind == "25") return ErrorCode::FailedPrecondition;
    if (kind == "22" || kind == "42" || kind == "0A") return ErrorCode::InvalidArgument;
    if (kind == "28") return ErrorCode::Unauthenticated;
    if (kind == "53" || kind == "54") return ErrorCode::ResourceExhausted;
    if (kind == "08" || kind == "57" || kind == "58") return ErrorCode::Unavailable;
    return ErrorCode::Internal;
}

bool is_conflict(Error const& error) {
    return error.native_code() == state_number("40001") ||
           error.native_code() == state_number("40P01");
}

}  // namespace aipress::sql::postgres
