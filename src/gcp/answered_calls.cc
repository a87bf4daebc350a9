#include "gcp/answered_calls.h"

#include <algorithm>

namespace aipress::gcp {
namespace {

constexpr milliseconds kMinute{60'000};

std::int64_t second_of(SteadyTime time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void AnsweredCalls::add(Answer answer) {
    last_.push_back(answer);
    if (last_.size() > limits::kCallsJudged) last_.pop_front();
}

void AnsweredCalls::accepted(SteadyTime now) {
    add({.at = now, .is_refusal = false});
    auto const number = second_of(now);
    auto& second = seconds_[static_cast<std::size_t>(number) % seconds_.size()];
    if (second.number != number) second = {.number = number};
    ++second.accepted;
}

void AnsweredCalls::refused(SteadyTime now) {
    add({.at = now, .is_refusal = true});
}

bool AnsweredCalls::is_refused_lastingly(SteadyTime now, Evidence evidence) const {
    auto const judged = std::min(last_.size(), evidence.calls);
    auto const refusals = std::count_if(
        last_.end() - static_cast<std::ptrdiff_t>(judged), last_.end(),
        [&](Answer const& answer) { return answer.is_refusal && now - answer.at < kMinute; });
    return static_cast<std::size_t>(refusals) >= evidence.refusals;
}

double AnsweredCalls::accepted_in_a_minute(SteadyTime now) const {
    auto const oldest = second_of(now) - static_cast<std::int64_t>(seconds_.size());
    std::uint64_t sum = 0;
    for (auto const& second : seconds_) {
        if (second.number > oldest) sum += second.accepted;
    }
    return static_cast<double>(sum);
}

}  // namespace aipress::gcp
