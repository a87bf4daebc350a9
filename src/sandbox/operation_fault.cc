#include "sandbox/operation_fault.h"

#include "base/assert.h"

namespace aipress::sandbox {

milliseconds take_slowness(Call const& call) {
    if (call.fault == nullptr || call.fault->kind != OperationFault::Kind::Slow) return {};
    call.fault->is_taken = true;
    return call.fault->slower;
}

bool is_to_fail(Call const& call) {
    return call.fault != nullptr && call.fault->kind == OperationFault::Kind::Failed;
}

ApiError fail_instead(Call const& call,
                      std::function<Outcome<Reply>(Transaction&, ApiError const&)> fail) {
    ASSERT(is_to_fail(call));
    call.fault->is_taken = true;
    call.fault->fail = [fail = std::move(fail), error = call.fault->error](
                           Transaction& transaction) { return fail(transaction, error); };
    return {.code = ErrorCode::Cancelled, .message = "The operation fails: nothing is done."};
}

std::optional<ApiError> take_half_made(Call const& call) {
    if (call.fault == nullptr || call.fault->kind != OperationFault::Kind::HalfMade) {
        return std::nullopt;
    }
    call.fault->is_taken = true;
    return call.fault->error;
}

}  // namespace aipress::sandbox
