#include "testing/rehearsal/drill/visit_log.h"

#include <algorithm>
#include <cmath>

namespace aipress::drill {
namespace {

constexpr std::size_t kForeignKept = 20;

double quantile(std::vector<double> const& sorted, double part) {
    if (sorted.empty()) return 0;
    auto const rank = std::ceil(part * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace

void VisitLog::add(Visit visit) {
    std::lock_guard const lock(mutex_);
    visits_.push_back(std::move(visit));
}

void VisitLog::add_foreign(std::string what) {
    std::lock_guard const lock(mutex_);
    if (foreign_.size() < kForeignKept) foreign_.push_back(std::move(what));
}

void VisitLog::add_dns(std::string const& answer) {
    std::lock_guard const lock(mutex_);
    ++dns_[answer];
}

std::size_t VisitLog::requests() const {
    std::lock_guard const lock(mutex_);
    return visits_.size();
}

std::size_t VisitLog::failed() const {
    std::lock_guard const lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(visits_, [](Visit const& visit) { return !visit.fault.empty(); }));
}

std::map<std::string, std::size_t> VisitLog::faults() const {
    std::lock_guard const lock(mutex_);
    std::map<std::string, std::size_t> counted;
    for (auto const& visit : visits_)
        if (!visit.fault.empty()) ++counted[visit.fault];
    return counted;
}

std::vector<std::string> VisitLog::foreign() const {
    std::lock_guard const lock(mutex_);
    return foreign_;
}

std::map<std::string, std::size_t> VisitLog::dns() const {
    std::lock_guard const lock(mutex_);
    return dns_;
}

Latency VisitLog::latency(SteadyTime from, SteadyTime to) const {
    std::vector<double> taken;
    {
        std::lock_guard const lock(mutex_);
        for (auto const& visit : visits_) {
            if (!visit.fault.empty() || visit.kind != VisitKind::Page) continue;
            if (visit.began < from || visit.began >= to) continue;
            taken.push_back(
                std::chrono::duration<double, std::milli>(visit.ended - visit.began).count());
        }
    }
    std::ranges::sort(taken);
    return {taken.size(), quantile(taken, 0.5), quantile(taken, 0.95)};
}

Gap VisitLog::longest_gap(SteadyTime from, SteadyTime to) const {
    std::vector<SteadyTime> good;
    SteadyTime last{};
    {
        std::lock_guard const lock(mutex_);
        for (auto const& visit : visits_) {
            last = std::max(last, visit.ended);
            if (visit.fault.empty()) good.push_back(visit.ended);
        }
    }
    std::ranges::sort(good);
    // A site that is down when the visitors go home was down until then.
    if (!good.empty() && good.back() < last) good.push_back(last);
    Gap longest;
    for (std::size_t i = 1; i < good.size(); ++i) {
        if (good[i] < from || good[i - 1] > to) continue;
        auto const length = elapsed_ms(good[i - 1], good[i]);
        if (length > longest.length) longest = {good[i - 1], length};
    }
    return longest;
}

}  // namespace aipress::drill
