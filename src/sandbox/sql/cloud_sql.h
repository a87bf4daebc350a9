// Cloud SQL Admin v1 and v1beta4. Each instance is a real mariadbd at an address of its own.
#pragma once

#include <filesystem>

#include "sandbox/sql/instance.h"
#include "sandbox/sql/machines.h"
#include "sandbox/sql/operations.h"
#include "sandbox/storage/object_changes.h"

namespace aipress::sandbox {

// What the parts of this service share. Thread safe.
struct SqlParts {
    Store& store;
    Clock& clock;
    SqlOperations& operations;
    Machines& machines;
    Blobs const& blobs;
    ObjectChanges& objects;
    std::string certificate;  // PEM of the authority
};

// Thread safe. What it is given outlives it.
class CloudSql {
public:
    CloudSql(Store& store, Clock& clock, OperationTiming timing, std::filesystem::path folder,
             http::CertificateAuthority const& authority, Blobs const& blobs,
             ObjectChanges& objects);
    CloudSql(CloudSql const&) = delete;
    CloudSql& operator=(CloudSql const&) = delete;
    ~CloudSql() { stop(); }

    void serve(Methods& methods);
    // After serve(): the servers of all instances run when this returns, and what was begun before
    // is carried on. Errors: those of the store.
    Result<void> begin();
    void stop();
    [[nodiscard]] Machines& machines() { return machines_; }

    // Faults. Whether it could be done: the instance runs, and nothing is under way on it.
    //
    // SIGKILL for its server, which comes back by itself.
    bool crash(std::string const& project, std::string const& name);
    // Its disk is full: it is shut down, as Cloud SQL does "to prevent data corruption"
    // (SqlOutOfDiskReport, SOFT_SHUTDOWN), until a patch makes the disk larger.
    bool fill_disk(std::string const& project, std::string const& name);

private:
    Machines machines_;
    SqlOperations operations_;
    SqlParts parts_;
};

// One file each; they set the work of their operations too.
void serve_sql_instances(Methods& methods, SqlParts& parts);
void serve_sql_copies(Methods& methods, SqlParts& parts);     // clone, backups, restore
void serve_sql_transfers(Methods& methods, SqlParts& parts);  // import, export
void serve_sql_databases(Methods& methods, SqlParts& parts);
void serve_sql_users(Methods& methods, SqlParts& parts);

// "PROJECT" and "INSTANCE" of a method's path, for SqlOperations::start.
[[nodiscard]] SqlOperations::Request sql_request(Call const& call, std::string type);
// An operation that runs a statement on the instance; again after a crash, so it must bear that.
[[nodiscard]] Outcome<Reply> start_sql_statement(SqlParts& parts, Call const& call,
                                                 std::string type, std::string const& statement);
// The end of a job that leaves its instance in that state.
[[nodiscard]] SqlJobEnd sql_state_end(SqlJob const& job, std::string state,
                                      std::optional<ApiError> error);
// The end of a job that failed.
[[nodiscard]] SqlJobEnd failed(ApiError error);
[[nodiscard]] SqlJobEnd failed(Error const& error);

}  // namespace aipress::sandbox
