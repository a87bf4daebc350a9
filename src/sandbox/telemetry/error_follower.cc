#include "sandbox/telemetry/error_follower.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

#include "sandbox/limits.h"
#include "sandbox/log_entries.h"
#include "sandbox/resource_names.h"
#include "sandbox/telemetry/run_requests.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kReader = "run_errors";
constexpr std::size_t kLinesOfTransaction = 1000;
constexpr std::size_t kLineBytes = limits::kLogEntryBytes / 4;

// A program may write any bytes; those that are no UTF-8 are no JSON.
std::string valid_text(std::string line) {
    line.resize(std::min(line.size(), kLineBytes));
    boost::system::error_code failure;
    (void)json::parse(json::serialize(json::string(line)), failure);
    if (failure) {
        std::replace_if(
            line.begin(), line.end(), [](char letter) { return (letter & 0x80) != 0; }, '?');
    }
    return line;
}

struct Line {
    std::uint64_t begin = 0;  // where in its file
    std::string text = {};
};
struct Lines {
    std::vector<Line> lines = {};
    std::uint64_t next = 0;
};

// A line without an end is still being written.
Lines read_lines(fs::path const& file, std::uint64_t since) {
    Lines read{.next = since};
    std::ifstream log(file, std::ios::binary);
    log.seekg(static_cast<std::streamoff>(since));
    std::string line;
    while (read.lines.size() < kLinesOfTransaction && std::getline(log, line) && !log.eof()) {
        auto const begin = read.next;
        read.next += line.size() + 1;
        if (!line.empty()) read.lines.push_back({begin, valid_text(std::move(line))});
    }
    return read;
}

std::vector<json::object> entries_of(Project const& project, run::ServedRevision const& revision,
                                     std::vector<Line> const& lines) {
    json::object const resource{{"type", "cloud_run_revision"},
                                {"labels", revision_labels(revision.service, revision.revision)}};
    std::vector<json::object> entries;
    for (auto const& line : lines) {
        entries.push_back({{"logName", log_name(project, "run.googleapis.com/stderr")},
                           {"insertId", fmt::format("{}-{:012}", revision.pool, line.begin)},
                           {"resource", resource},
                           {"textPayload", line.text}});
    }
    return entries;
}

}  // namespace

Outcome<Done> ErrorFollower::follow() {
    if (!positions_) positions_ = TRY(read_positions(store_, kReader));
    for (auto const& revision : serving_.revisions()) TRY(follow(revision));
    return Done();
}

Outcome<Done> ErrorFollower::follow(run::ServedRevision const& revision) {
    std::error_code failure;
    while (true) {
        auto const size = fs::file_size(revision.error_log, failure);
        if (failure) return Done();  // no complaint yet
        auto const known = (*positions_)[revision.pool];
        auto const read = read_lines(revision.error_log, known > size ? 0 : known);
        if (read.next == known) return Done();
        auto positions = *positions_;
        positions[revision.pool] = read.next;
        bool const is_full = read.next == size && size > limits::kRunErrorLogBytes;
        if (is_full) positions[revision.pool] = 0;
        TRY(write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
            TRY(write_positions(transaction, kReader, positions));
            auto found = find_active_project(transaction, segment(revision.service, 1));
            if (!found.ok()) return Done();
            auto const project = found.release();
            return append_log_entries(transaction, project, clock_.wall_now(),
                                      entries_of(project, revision, read.lines));
        }));
        positions_ = std::move(positions);
        if (is_full) fs::resize_file(revision.error_log, 0, failure);
    }
}

}  // namespace aipress::sandbox
