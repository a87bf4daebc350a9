#include "dns/query.h"

#include <fmt/format.h>
#include <random>

#include "dns/limits.h"

namespace aipress::dns {
namespace {

// Unguessable, so that nobody answers in the server's place: RFC 5452.
std::uint16_t random_id() {
    static thread_local std::random_device device;
    return static_cast<std::uint16_t>(device());
}

using Exchange = Result<std::string> (*)(Context const&, ServerAddress const&, std::string_view,
                                         Accept const&);

Result<Answer> attempt(Context const& context, ServerAddress const& server,
                       Question const& question, Recursion recursion, Exchange exchange) {
    auto const message = TRY(write_question(random_id(), question, recursion));
    auto const answer =
        TRY(exchange(context.within(limits::kAttemptTime), server, message,
                     [&](std::string_view candidate) { return is_answer_to(candidate, message); }));
    return read_answer(answer, question);
}

Result<Answer> attempt_repeatedly(Context const& context, ServerAddress const& server,
                                  Question const& question, Recursion recursion,
                                  Exchange exchange) {
    for (unsigned number = 1;; ++number) {
        auto answer = attempt(context, server, question, recursion, exchange);
        if (answer.ok() || answer.error().code() != ErrorCode::Unavailable) return answer;
        if (context.expired()) {
            return Error(ErrorCode::DeadlineExceeded, answer.error().message());
        }
        if (number == limits::kAttempts) return answer;
    }
}

}  // namespace

Result<Answer> ask(Context const& context, ServerAddress const& server, Question const& question,
                   Recursion recursion) {
    auto const what = fmt::format("asking for {} {}", question.name, question.type);
    auto by_udp = attempt_repeatedly(context, server, question, recursion, exchange_udp);
    if (!by_udp.ok() || !by_udp->is_truncated) return std::move(by_udp).in_context(what);
    return attempt_repeatedly(context, server, question, recursion, exchange_tcp)
        .in_context(what + " by TCP");
}

}  // namespace aipress::dns
