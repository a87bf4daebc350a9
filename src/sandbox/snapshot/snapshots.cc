#include "sandbox/snapshot/snapshots.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "base/version.h"
#include "json/fields.h"
#include "sandbox/service.h"
#include "sandbox/snapshot/restore.h"
#include "sandbox/snapshot/tree_copy.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kNameBytes = 64;
// What begins with a dot is no snapshot: it is being made, or it is going.
constexpr std::string_view kSaving = ".saving";
constexpr std::string_view kLoading = ".loading";
constexpr std::string_view kDeleting = ".deleting-";

fs::path folder_of(fs::path const& data) {
    return data / "snapshots";
}

std::string read_text(fs::path const& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

Result<void> write_text(fs::path const& file, std::string const& text) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close();
    if (stream) return {};
    return Error(ErrorCode::Unavailable, fmt::format("writing '{}'", file.string()));
}

// Objects' bytes, and data directories that servers are only copied from.
bool never_changes(std::string const& path) {
    return path.starts_with("blobs/") || path.starts_with("sql/backups/") ||
           path.starts_with("sql/prepared/");
}

// What a killed process has left is in the way.
Result<fs::path> fresh_folder(fs::path const& data, std::string_view name) {
    auto folder = folder_of(data) / name;
    std::error_code failure;
    fs::remove_all(folder, failure);
    if (!failure) fs::create_directories(folder, failure);
    if (!failure) return folder;
    return Error(ErrorCode::Unavailable,
                 fmt::format("making '{}': {}", folder.string(), failure.message()));
}

// Those that were deleted, where a crash came between.
void sweep(fs::path const& data) {
    std::error_code ignored;
    std::vector<fs::path> old;
    for (auto const& entry : fs::directory_iterator(folder_of(data), ignored)) {
        if (entry.path().filename().string().starts_with(kDeleting)) old.push_back(entry.path());
    }
    for (auto const& folder : old) fs::remove_all(folder, ignored);
}

Result<std::vector<CopiedFile>> copy_state(Context const& context, fs::path const& from,
                                           fs::path const& to) {
    std::error_code failure;
    std::vector<fs::path> names;
    for (auto const& entry : fs::directory_iterator(from, failure)) {
        if (is_state(entry.path().filename().string())) names.push_back(entry.path().filename());
    }
    if (!failure) fs::create_directory(to, failure);
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("copying '{}': {}", from.string(), failure.message()));
    }
    TreeCopy copy(context, from, to, never_changes);
    for (auto const& name : names) TRY(copy.add(name));
    return copy.files();
}

std::string files_text(std::vector<CopiedFile> const& files) {
    boost::json::array list;
    for (auto const& file : files) {
        boost::json::array entry{file.path, file.size};
        if (file.crc32) entry.emplace_back(*file.crc32);
        list.push_back(std::move(entry));
    }
    return boost::json::serialize(list);
}

std::string header_text(Snapshot const& snapshot) {
    return boost::json::serialize(boost::json::object{{"format", kFormat},
                                                      {"program", snapshot.program},
                                                      {"saved", snapshot.saved},
                                                      {"files", snapshot.files},
                                                      {"bytes", snapshot.bytes}});
}

Result<Snapshot> read_header(fs::path const& folder) {
    auto const name = folder.filename().string();
    auto const header = json::parse_object(read_text(folder / "snapshot.json"));
    if (!header.ok()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("'{}' is no snapshot: its snapshot.json is missing or damaged",
                                 folder.string()));
    }
    auto const& fields = header.value();
    Snapshot snapshot{.name = name};
    snapshot.program = TRY(json::get_string(fields, "program"));
    auto const format = TRY(json::get_integer(fields, "format"));
    if (format != kFormat) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("snapshot '{}' has format {}, of aipress {}; this is aipress {}, "
                                 "which reads format {}",
                                 name, format, snapshot.program, version(), kFormat));
    }
    snapshot.saved = TRY(json::get_string(fields, "saved"));
    snapshot.files = static_cast<std::uint64_t>(TRY(json::get_integer(fields, "files")));
    snapshot.bytes = static_cast<std::uint64_t>(TRY(json::get_integer(fields, "bytes")));
    return snapshot;
}

Result<std::vector<CopiedFile>> read_files(fs::path const& folder) {
    auto const damaged = Error(
        ErrorCode::DataLoss, fmt::format("snapshot '{}' is damaged: its files.json cannot be read",
                                         folder.filename().string()));
    boost::system::error_code failure;
    auto const list = boost::json::parse(read_text(folder / "files.json"), failure);
    if (failure || !list.is_array()) return damaged;
    std::vector<CopiedFile> files;
    for (auto const& entry : list.get_array()) {
        auto const* const parts = entry.if_array();
        bool const is_file = parts != nullptr && parts->size() >= 2 && parts->at(0).is_string() &&
                             parts->at(1).is_number() &&
                             (parts->size() == 2 || parts->at(2).is_number());
        if (!is_file) return damaged;
        CopiedFile file{.path = std::string(parts->at(0).get_string()),
                        .size = parts->at(1).to_number<std::uint64_t>(failure),
                        .crc32 = {}};
        if (parts->size() > 2) file.crc32 = parts->at(2).to_number<std::uint32_t>(failure);
        if (failure) return damaged;
        files.push_back(std::move(file));
    }
    return files;
}

// The first file that is not as it was saved.
Result<void> check_whole(std::string const& name, std::vector<CopiedFile> const& saved,
                         std::vector<CopiedFile> const& found) {
    auto const damaged = [&](std::string const& path, std::string_view what) {
        return Error(ErrorCode::DataLoss,
                     fmt::format("snapshot '{}' is damaged: its file '{}' {}", name, path, what));
    };
    auto const [was, is] = std::mismatch(saved.begin(), saved.end(), found.begin(), found.end());
    if (was == saved.end() && is == found.end()) return {};
    if (was == saved.end() || (is != found.end() && is->path < was->path)) {
        return damaged(is->path, "was not saved");
    }
    if (is == found.end() || was->path < is->path) return damaged(was->path, "is missing");
    if (was->size != is->size) {
        return damaged(was->path, fmt::format("has {} bytes, not {}", is->size, was->size));
    }
    return damaged(was->path, "has other content than was saved");
}

Error no_such_snapshot(std::string const& name) {
    return {ErrorCode::NotFound, fmt::format("there is no snapshot '{}'", name)};
}

}  // namespace

Result<void> check_snapshot_name(std::string_view name) {
    constexpr std::string_view kAlphanumeric =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    bool const is_good = !name.empty() && name.size() <= kNameBytes &&
                         kAlphanumeric.find(name.front()) != name.npos &&
                         name.find_first_not_of(fmt::format("{}._-", kAlphanumeric)) == name.npos;
    if (is_good) return {};
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("'{}' is no name for a snapshot: letters, digits, '.', '_' and '-', "
                             "{} at most, a letter or digit first",
                             name, kNameBytes));
}

Result<void> check_can_save(fs::path const& data, std::string const& name) {
    TRY(check_snapshot_name(name));
    std::error_code failure;
    if (!fs::exists(folder_of(data) / name, failure)) return {};
    return Error(ErrorCode::AlreadyExists, fmt::format("there is a snapshot '{}' already", name));
}

Result<std::vector<Snapshot>> list_snapshots(fs::path const& data) {
    std::vector<Snapshot> snapshots;
    std::error_code failure;
    if (!fs::exists(folder_of(data), failure)) return snapshots;
    for (auto const& entry : fs::directory_iterator(folder_of(data), failure)) {
        auto const name = entry.path().filename().string();
        if (!check_snapshot_name(name).ok()) continue;
        auto header = read_header(entry.path());
        snapshots.push_back(header.ok()
                                ? header.release()
                                : Snapshot{.name = name, .problem = header.error().message()});
    }
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("reading '{}': {}", folder_of(data).string(), failure.message()));
    }
    std::sort(snapshots.begin(), snapshots.end(),
              [](auto const& a, auto const& b) { return a.name < b.name; });
    return snapshots;
}

Result<Snapshot> save_snapshot(Context const& context, Probe& probe, fs::path const& data,
                               std::string const& name) {
    TRY(check_can_save(data, name));
    sweep(data);
    auto const half = TRY(fresh_folder(data, kSaving));
    Snapshot snapshot{.name = name,
                      .program = std::string(version()),
                      .saved = timestamp(context.clock().wall_now())};
    auto const copied = copy_state(context, data, half / "state");
    if (!copied.ok()) {
        std::error_code ignored;
        fs::remove_all(half, ignored);
        return copied.error();
    }
    snapshot.files = copied.value().size();
    for (auto const& file : copied.value()) snapshot.bytes += file.size;
    TRY(write_text(half / "files.json", files_text(copied.value())));
    TRY(write_text(half / "snapshot.json", header_text(snapshot)));
    probe.at("snapshot-save.copied");
    TRY(sync_all(half));
    probe.at("snapshot-save.before");
    if (std::rename(half.c_str(), (folder_of(data) / name).c_str()) != 0) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("naming '{}': {}", half.string(), std::strerror(errno)));
    }
    TRY(sync_names(folder_of(data)));
    probe.at("snapshot-save.after");
    return snapshot;
}

Result<Snapshot> load_snapshot(Context const& context, Probe& probe, fs::path const& data,
                               std::string const& name) {
    TRY(check_snapshot_name(name));
    auto const folder = folder_of(data) / name;
    std::error_code failure;
    if (!fs::exists(folder, failure)) return no_such_snapshot(name);
    auto snapshot = TRY(read_header(folder));
    auto const saved = TRY(read_files(folder));
    auto const half = TRY(fresh_folder(data, kLoading));
    auto const copied = copy_state(context, folder / "state", half / "new");
    auto const whole =
        copied.ok() ? check_whole(name, saved, copied.value()) : Result<void>(copied.error());
    if (!whole.ok()) {
        fs::remove_all(half, failure);
        return whole.error();
    }
    probe.at("snapshot-load.copied");
    TRY(sync_all(half));
    probe.at("snapshot-commit.before");
    TRY(restore(data, half, probe));
    return snapshot;
}

Result<void> delete_snapshot(fs::path const& data, std::string const& name) {
    TRY(check_snapshot_name(name));
    auto const going = folder_of(data) / fmt::format("{}{}", kDeleting, name);
    std::error_code failure;
    fs::remove_all(going, failure);
    fs::rename(folder_of(data) / name, going, failure);
    if (failure == std::errc::no_such_file_or_directory) return no_such_snapshot(name);
    if (!failure) fs::remove_all(going, failure);
    if (!failure) return {};
    return Error(ErrorCode::Unavailable,
                 fmt::format("deleting snapshot '{}': {}", name, failure.message()));
}

}  // namespace aipress::sandbox
