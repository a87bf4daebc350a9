// The binary under test, one `aipress database move` a tenant, spoken to as an operator would: by
// its other commands on the same journal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "mysql/endpoint.h"

namespace aipress::rehearsal {

// What `--format json` says; see src/mover/report.h.
struct MoveStatus {
    std::string state = "starting";
    std::string owner = "source";
    std::int64_t rows_estimate = 0;
    std::int64_t rows_copied = 0;
    std::int64_t bytes_copied = 0;
    std::int64_t rows_changed = 0;
    std::int64_t dirty_keys = 0;
    std::int64_t lag_ms = -1;
    std::int64_t fence_ms = -1;
    std::int64_t rollback_fence_ms = -1;
    std::int64_t verified_rows = 0;
    std::int64_t differences = 0;
};
// Errors: InvalidArgument naming the field.
[[nodiscard]] Result<MoveStatus> parse_status(std::string_view json);

struct MoverOptions {
    std::filesystem::path aipress;
    std::filesystem::path folder;  // journal and logs; exists
    mysql::Endpoint source;        // with the database
    mysql::Endpoint target;
    std::string on_switch;
};

// Not thread safe.
class MoverProcess {
public:
    [[nodiscard]] static Result<MoverProcess> start(MoverOptions options);

    // "starting" until there is a journal.
    [[nodiscard]] Result<MoveStatus> status(Context const& context);
    [[nodiscard]] Result<void> rollback(Context const& context);
    [[nodiscard]] Result<void> finalize(Context const& context);

    [[nodiscard]] std::optional<ExitStatus> ended() { return process_.poll(); }
    // Its last object. Errors: Aborted with the end of its log when it failed.
    [[nodiscard]] Result<MoveStatus> wait(Context const& context);
    // For an error message: how it ended and the end of its log.
    [[nodiscard]] std::string last_words();

private:
    MoverProcess(MoverOptions options, Process process)
        : options_(std::move(options)), process_(std::move(process)) {}
    Result<ProcessResult> command(Context const& context, std::vector<std::string> verb) const;
    Result<void> command_must_succeed(Context const& context, std::vector<std::string> verb) const;

    MoverOptions options_;
    Process process_;
    bool was_seen_ = false;  // a status was read at least once
};

}  // namespace aipress::rehearsal
