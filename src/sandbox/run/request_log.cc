#include "sandbox/run/request_log.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cmath>
#include <fstream>
#include <optional>

#include "sandbox/limits.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

fs::path log_before(fs::path const& folder) {
    return folder / "requests.1.jsonl";
}

double real_field(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value == nullptr || !value->is_number() ? 0 : value->to_number<double>();
}

std::string word(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value == nullptr || !value->is_string() ? "" : std::string(value->get_string());
}

// nullopt: no line of ours.
std::optional<json::object> parse_line(std::string line) {
    boost::system::error_code failure;
    auto value = json::parse(line, failure);
    if (failure) {
        // nginx passes on the bytes that a client sent; those that are no UTF-8 are no JSON.
        std::replace_if(
            line.begin(), line.end(), [](char letter) { return (letter & 0x80) != 0; }, '?');
        value = json::parse(line, failure);
    }
    if (failure || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

ServedRequest request_of(json::object const& fields) {
    auto const time = std::llround(real_field(fields, "time") * 1000);
    return {.id = word(fields, "id"),
            .time = WallTime(milliseconds(time)),
            .service = word(fields, "service"),
            .revision = word(fields, "revision"),
            .host = word(fields, "host"),
            .method = word(fields, "method"),
            .path = word(fields, "path"),
            .protocol = word(fields, "protocol"),
            .status = static_cast<int>(real_field(fields, "status")),
            .latency_seconds = real_field(fields, "latency"),
            .received_bytes = static_cast<std::uint64_t>(real_field(fields, "received")),
            .bytes = static_cast<std::uint64_t>(real_field(fields, "bytes")),
            .remote = word(fields, "remote"),
            .agent = word(fields, "agent"),
            .trace = word(fields, "trace")};
}

// A line without an end is still being written.
bool next_line(std::istream& log, std::string& line) {
    return std::getline(log, line) && !log.eof();
}

}  // namespace

fs::path request_log(fs::path const& folder) {
    return folder / "requests.jsonl";
}

ServedRequests read_requests_since(fs::path const& folder, RequestPosition const& since) {
    ServedRequests taken;
    for (auto const& file : {log_before(folder), request_log(folder)}) {
        std::ifstream log(file, std::ios::binary);
        std::string line;
        if (!next_line(log, line)) continue;
        auto const first = parse_line(line);
        auto const name = first ? word(*first, "id") : "";
        auto const known = since.find(name);
        auto& offset = taken.next[name];
        offset = known == since.end() ? 0 : known->second;
        log.seekg(static_cast<std::streamoff>(offset));
        while (taken.requests.size() < limits::kRunRequestsTaken && next_line(log, line)) {
            offset += line.size() + 1;
            auto const fields = parse_line(std::move(line));
            if (fields && fields->contains("id")) taken.requests.push_back(request_of(*fields));
        }
    }
    return taken;
}

bool is_request_log_full(fs::path const& folder) {
    std::error_code failure;
    auto const size = fs::file_size(request_log(folder), failure);
    return !failure && size > limits::kRunRequestLogBytes;
}

void rename_request_log(fs::path const& folder) {
    std::error_code failure;
    fs::rename(request_log(folder), log_before(folder), failure);
}

}  // namespace aipress::sandbox::run
