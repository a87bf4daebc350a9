// What a site said it had accepted.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"

namespace aipress::drill {

struct AcceptedComment {
    std::uint64_t id = 0;
    std::uint64_t post = 0;
    std::string text = {};
    SteadyTime at = {};
};

struct AcceptedUpload {
    std::uint64_t id = 0;
    std::string target = {};  // "/wp-content/uploads/2026/11/note.txt"
    std::string bytes = {};
    SteadyTime at = {};
};

// Thread safe.
class Ledger {
public:
    void add(AcceptedComment comment) {
        std::lock_guard const lock(mutex_);
        comments_.push_back(std::move(comment));
    }
    void add(AcceptedUpload upload) {
        std::lock_guard const lock(mutex_);
        uploads_.push_back(std::move(upload));
    }
    [[nodiscard]] std::vector<AcceptedComment> comments() const {
        std::lock_guard const lock(mutex_);
        return comments_;
    }
    [[nodiscard]] std::vector<AcceptedUpload> uploads() const {
        std::lock_guard const lock(mutex_);
        return uploads_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<AcceptedComment> comments_;
    std::vector<AcceptedUpload> uploads_;
};

}  // namespace aipress::drill
