// What a backup consists of: manifest.json, written last. It carries a sum over itself.
//
//     {"format": 1, "tenant", "backup", "taken_at", "host", "home": {…}, "key": {…},
//      "objects": [{"name", "size", "crc32c", "sha256"}], "file_lists": [the same and "files",
//      "bytes"], "files", "bytes", "sum"}
//
// Files are in lists of their own, each of a bounded length: {"files": [{"name", "size", "crc32c",
// "sha256"}]}, in the order of their names, which are those below the home's prefix.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backup/folder.h"
#include "fleet/home.h"

namespace aipress::backup {

struct Entry {
    std::string name = {};
    Sums sums = {};
    gcp::Generation generation = 0;  // as it was summed up; 0: not known
};

struct FileListEntry {
    Entry list = {};
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

// The tenant's key, by its name: "aipress-backup-key-TENANT", in that project.
struct KeyName {
    std::string project = {};
    std::string secret = {};
    std::string version = {};
};

struct Manifest {
    std::string tenant = {};
    std::string backup = {};
    std::string taken_at = {};  // RFC 3339
    std::string host = {};
    fleet::Home home = {};
    KeyName key = {};
    std::vector<Entry> objects = {};
    std::vector<FileListEntry> file_lists = {};

    [[nodiscard]] std::uint64_t files() const;
    [[nodiscard]] std::uint64_t bytes() const;  // of all objects and files
    // nullptr: there is none of the name.
    [[nodiscard]] Entry const* find(std::string_view name) const;
};

[[nodiscard]] std::string write_manifest(Manifest const& manifest);
// Errors: DataLoss when it is no manifest, or its sum is another; Unimplemented for another format.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text);

[[nodiscard]] std::string write_file_list(std::vector<Entry> const& files);
// Errors: DataLoss.
[[nodiscard]] Result<std::vector<Entry>> parse_file_list(std::string_view text);

}  // namespace aipress::backup
