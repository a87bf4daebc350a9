#include "sandbox/telemetry/request_follower.h"

#include <map>

#include "base/log.h"
#include "sandbox/log_entries.h"
#include "sandbox/resource_names.h"
#include "sandbox/telemetry/run_requests.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kPositions = "telemetry_positions";
constexpr std::string_view kRequests = "run_requests";

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
    auto const document = TRY(read<std::optional<Document>>(
        store_, [](Transaction& transaction) -> Outcome<std::optional<Document>> {
            return TRY(transaction.get(kPositions, kRequests));
        }));
    position_.emplace();
    if (!document) return Done();
    for (auto const& [file, offset] : document->body.as_object()) {
        (*position_)[file] = offset.to_number<std::uint64_t>();
    }
    return Done();
}

Outcome<Done> RequestFollower::save(run::ServedRequests const& taken) {
    auto const measurements = request_measurements(taken.requests);
    json::object position;
    for (auto const& [file, offset] : taken.next) position[file] = offset;
    return write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(append_entries(transaction, clock_.wall_now(), taken.requests));
        TRY(add_measurements(transaction, measurements));
        if (TRY(transaction.get(kPositions, kRequests))) {
            TRY(transaction.update(kPositions, kRequests, std::nullopt, position));
        } else {
            TRY(transaction.insert(kPositions, kRequests, position));
        }
        return Done();
    });
}

void RequestFollower::report(ApiError const& error) {
    if (!is_failing_) {
        log::error("Cloud Run's requests are not in Cloud Logging and Monitoring: {}",
                   error.message);
    }
    is_failing_ = true;
}

bool RequestFollower::follow() {
    if (auto loaded = load(); !loaded.ok()) {
        report(loaded.release_error());
        return false;
    }
    bool is_new = false;
    while (true) {
        auto taken = run::read_requests_since(serving_.folder(), *position_);
        if (taken.next == *position_) break;
        if (auto saved = save(taken); !saved.ok()) {
            report(saved.release_error());
            return is_new;
        }
        is_failing_ = false;
        is_new = true;
        position_ = std::move(taken.next);
    }
    if (run::is_request_log_full(serving_.folder())) serving_.begin_request_log();
    return is_new;
}

}  // namespace aipress::sandbox
