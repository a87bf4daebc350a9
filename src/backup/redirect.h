// A dump that can be loaded into any database.
//
// An export of Cloud SQL's is mysqldump's with --databases: it says CREATE DATABASE `site` and USE
// `site`, and an import obeys that whatever database it was given ("is overridden by any database
// specification in the import file", ImportContext.database). Loaded into a shared instance as it
// is, it would overwrite the database of that name, which may be another tenant's. So a copy
// without these lines is made and imported.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gcp/storage.h"

namespace aipress::backup {

// Leaves out the lines that name the dump's database. Not thread safe. Memory: a line's head.
class DatabaseNameFilter {
public:
    explicit DatabaseNameFilter(std::string const& database);

    // Appends to `out` what is kept. Errors: FailedPrecondition when the dump turns to another
    // database.
    Result<void> add(std::string_view bytes, std::string& out);
    // The rest of a last line without an end.
    Result<void> finish(std::string& out);

private:
    Result<void> decide(std::string& out);

    std::string const use_;     // "USE `site`;"
    std::string const create_;  // what CREATE DATABASE … `site` has to contain
    std::string head_;          // of the line, until it is known what it is
    enum class Line { Unknown, Kept, Dropped } line_ = Line::Unknown;
};

// gzip to gzip, through the filter. Not thread safe.
class DumpRewriter {
public:
    explicit DumpRewriter(std::string const& database);
    DumpRewriter(DumpRewriter const&) = delete;
    DumpRewriter& operator=(DumpRewriter const&) = delete;
    ~DumpRewriter();

    // Appends to `out` what is ready. Errors: DataLoss when it is no gzip; those of the filter.
    Result<void> add(std::string_view compressed, std::string& out);
    // Errors: DataLoss when the dump breaks off, also when it lacks mysqldump's last line.
    Result<void> finish(std::string& out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

struct StagedDump {
    gcp::Object source = {};
    std::string database = {};  // that the dump names
    // Of the parts and the copy; what begins so is removed beforehand.
    std::string name = {};  // "TENANT/BACKUP_ID/staging/1764520000000.sql.gz"
};
// Writes the copy in the source's bucket, 8 MiB at a time in memory. Its parts are gone afterwards.
[[nodiscard]] gcp::Outcome<gcp::Object> stage_dump(Context const& context,
                                                   gcp::Storage const& storage,
                                                   StagedDump const& staged);

}  // namespace aipress::backup
