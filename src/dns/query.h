// One question to one name server.
#pragma once

#include "base/context.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/question.h"

namespace aipress::dns {

// By UDP, a few times since datagrams get lost; then by TCP when the answer was truncated. What the
// server refuses is an answer too: see Answer::response. Thread safe. Errors: Unavailable when
// nothing came, DeadlineExceeded when the context's time was over before that was sure, Cancelled,
// InvalidArgument for the name, the type or the address.
[[nodiscard]] Result<Answer> ask(Context const& context, ServerAddress const& server,
                                 Question const& question, Recursion recursion = Recursion::None);

}  // namespace aipress::dns
