#include "bench/visitor.h"

#include <algorithm>
#include <fmt/format.h>

#include "testing/http_client.h"

namespace aipress::bench {
namespace {

constexpr milliseconds kPause{20};
constexpr char const* kPage = "/?rest_route=/wp/v2/posts&per_page=1&_fields=id";
constexpr int kGood = 200;

double ms_between(SteadyTime from, SteadyTime to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

Visitor::Visitor(Clock& clock, std::string const& address, std::string host)
    : clock_(clock),
      host_(std::move(host)),
      thread_([this, url = fmt::format("http://{}{}", address, kPage)](
                  std::stop_token const& stop) { look_around(url, stop); }) {}

void Visitor::look_around(std::string const& url, std::stop_token const& stop) {
    testing::HttpClient client;
    SteadyTime const never{};
    auto down_since = never;  // while the site answers
    auto const end_outage = [&](SteadyTime now) {
        if (down_since == never) return;
        auto const took = ms_between(down_since, now);
        seen_.downtime_ms = std::max(seen_.downtime_ms, took);
        seen_.downtime_total_ms += took;
        down_since = never;
    };
    while (!stop.stop_requested()) {
        auto const sent = clock_.now();
        auto const answer = client.send({.url = url, .headers = {{"Host", host_}}});
        auto const answered = clock_.now();
        ++seen_.requests;
        if (answer.status == kGood) {
            end_outage(answered);
            seen_.slowest_ms = std::max(seen_.slowest_ms, ms_between(sent, answered));
        } else {
            ++seen_.failures;
            if (down_since == never) down_since = sent;
        }
        clock_.sleep_for(kPause, stop);
    }
    end_outage(clock_.now());
}

Seen Visitor::leave() {
    thread_.request_stop();
    thread_.join();
    return seen_;
}

}  // namespace aipress::bench
