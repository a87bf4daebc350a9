// A file of JSON records that only grows: what a journal is written in.
//
// Format: one record a line, "<crc32 of the rest, 8 hex digits> <JSON object>\n". The first is the
// header, an object whose first key is the format's name: {"aipress_journal":1,…}. A last line
// without its newline is a write that a crash cut short, and is dropped; any other damage is
// DataLoss. An advisory lock (flock) on the file keeps a second process out.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/probe.h"
#include "base/result.h"

namespace aipress::json {

// Gets one record after the other; its error ends the reading as damage at that line.
using RecordVisitor = std::function<Result<void>(boost::json::object const& record)>;

// Not thread safe.
class RecordFile {
public:
    // Makes the file when there is none, and reads what it holds; empty: `header` is to be written
    // first. Errors: Unavailable when another process holds it, DataLoss when it is damaged or
    // does not begin with a header of that format, what the file system says. `probe` outlives it.
    [[nodiscard]] static Result<RecordFile> open(std::string const& path, std::string_view format,
                                                 RecordVisitor const& visit, Probe& probe);
    // Read only, without the lock. Errors: NotFound; DataLoss, also when it is empty.
    [[nodiscard]] static Result<void> read(std::string const& path, std::string_view format,
                                           RecordVisitor const& visit);

    RecordFile(RecordFile&&) noexcept;
    RecordFile& operator=(RecordFile&&) noexcept;
    ~RecordFile();

    // On disk when it returns. Probe points "journal-<what>.before" and ".after". What could not
    // be written whole is taken back.
    Result<void> append(std::string_view what, boost::json::object const& record);
    [[nodiscard]] std::string const& path() const;

private:
    struct File;
    RecordFile(std::unique_ptr<File> file, Probe& probe);

    std::unique_ptr<File> file_;
    Probe* probe_;
};

}  // namespace aipress::json
