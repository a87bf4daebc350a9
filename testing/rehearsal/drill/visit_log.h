// What visitors of one tenant saw, and when.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"

namespace aipress::drill {

enum class VisitKind { Page, Write };

struct Visit {
    SteadyTime began = {};
    SteadyTime ended = {};
    VisitKind kind = VisitKind::Page;
    std::string fault = {};  // "": the answer was what it should be
};

struct Latency {
    std::size_t visits = 0;
    double median_ms = 0;
    double p95_ms = 0;
};

struct Gap {
    SteadyTime from = {};  // the last good answer before it
    milliseconds length{0};
};

// Thread safe.
class VisitLog {
public:
    void add(Visit visit);
    void add_foreign(std::string what);  // another tenant's site was shown
    void add_dns(std::string const& answer);

    [[nodiscard]] std::size_t requests() const;
    [[nodiscard]] std::size_t failed() const;
    [[nodiscard]] std::map<std::string, std::size_t> faults() const;
    [[nodiscard]] std::vector<std::string> foreign() const;
    [[nodiscard]] std::map<std::string, std::size_t> dns() const;
    // Of good pages that were asked for in that time.
    [[nodiscard]] Latency latency(SteadyTime from, SteadyTime to) const;
    // The longest time without a good answer that ends or begins in it.
    [[nodiscard]] Gap longest_gap(SteadyTime from, SteadyTime to) const;

private:
    mutable std::mutex mutex_;
    std::vector<Visit> visits_;
    std::vector<std::string> foreign_;
    std::map<std::string, std::size_t> dns_;
};

}  // namespace aipress::drill
