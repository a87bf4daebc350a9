#include "sandbox/telemetry/request_follower.h"

#include <map>

#include "base/log.h"
#include "sandbox/log_entries.h"
#include "sandbox/resource_names.h"
#include "sandbox/telemetry/positions.h"
#include "sandbox/telemetry/run_requests.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kReader = "run_requests";

// Of the projects that are there.
Outcome<Done> append_entries(Transaction& transaction, WallTime now,
                             std::vector<run::ServedRequest> const& requests) {
    std::map<std::string, std::vector<run::ServedRequest const*>> by_project;
    for (auto const& request : requests) {
        by_project[std::string(segment(request.service, 1))].push_back(&request);
    }
    for (auto const& [id, own] : by_project) {
        auto found = find_active_project(transaction, id);
        if (!found.ok()) {
            auto error = found.release_error();
            if (error.code == ErrorCode::PermissionDenied) continue;
            return error;
        }
        auto const project = found.release();
        std::vector<json::object> entries;
        for (auto const* const request : own) entries.push_back(request_entry(project, *request));
        TRY(append_log_entries(transaction, project, now, std::move(entries)));
    }
    return Done();
}

}  // namespace

Outcome<Done> RequestFollower::load() {
    if (position_) return Done();
    position_ = TRY(read_positions(store_, kReader));
    return Done();
}

Outcome<Done> RequestFollower::save(run::ServedRequests const& taken) {
    auto const measurements = request_measurements(taken.requests);
    return write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(append_entries(transaction, clock_.wall_now(), taken.requests));
        TRY(add_measurements(transaction, measurements));
        return write_positions(transaction, kReader, taken.next);
    });
}

void RequestFollower::report(ApiError const& error) {
    if (!is_failing_) {
        log::error("Cloud Run's requests are not in Cloud Logging and Monitoring: {}",
                   error.message);
    }
    is_failing_ = true;
}

void RequestFollower::follow() {
    if (auto loaded = load(); !loaded.ok()) return report(loaded.release_error());
    while (true) {
        auto taken = run::read_requests_since(serving_.folder(), *position_);
        if (taken.next == *position_) break;
        if (auto saved = save(taken); !saved.ok()) return report(saved.release_error());
        is_failing_ = false;
        position_ = std::move(taken.next);
    }
    if (run::is_request_log_full(serving_.folder())) serving_.begin_request_log();
}

}  // namespace aipress::sandbox
