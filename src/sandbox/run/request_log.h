// What Cloud Run's services were asked, as nginx writes it down: a line of JSON for each request,
// in FOLDER/requests.jsonl, and the one before it in FOLDER/requests.1.jsonl.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace aipress::sandbox::run {

// One request that a service was asked.
struct ServedRequest {
    std::string id = {};        // 32 hexadecimal digits, nginx's own
    WallTime time = {};         // when it was answered
    std::string service = {};   // "projects/p/locations/r/services/s"
    std::string revision = {};  // "s-00001-abc"; empty: none could serve it
    std::string host = {};
    std::string method = {};
    std::string path = {};  // with its query
    std::string protocol = {};
    int status = 0;
    double latency_seconds = 0;
    std::uint64_t received_bytes = 0;  // of the request, its head too
    std::uint64_t bytes = 0;           // of the answer's body
    std::string remote = {};
    std::string agent = {};
    std::string trace = {};  // the X-Cloud-Trace-Context that the client sent
};

// How far each file has been read, by the id of the first request in it: a file that is renamed or
// copied keeps that.
using RequestPosition = std::map<std::string, std::uint64_t>;
struct ServedRequests {
    std::vector<ServedRequest> requests = {};
    RequestPosition next = {};  // where to go on
};

[[nodiscard]] std::filesystem::path request_log(std::filesystem::path const& folder);

// The requests from `since` on ({}: from the beginning), in the order in which they were answered,
// at most limits::kRunRequestsTaken.
[[nodiscard]] ServedRequests read_requests_since(std::filesystem::path const& folder,
                                                 RequestPosition const& since);

// Whether it is past limits::kRunRequestLogBytes.
[[nodiscard]] bool is_request_log_full(std::filesystem::path const& folder);
// Begins a new file; nginx is to be told. REQUIRES: the file before the present one has been read,
// for it goes.
void rename_request_log(std::filesystem::path const& folder);

}  // namespace aipress::sandbox::run
