// `aipress database move` as its user runs it: a process, a journal, an object at the end.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "testing/database_server.h"
#include "testing/temporary_directory.h"

namespace aipress::bench {

struct MoveOutcome {
    boost::json::object report;  // what --format json printed
    double wall_seconds = 0;
    std::uint64_t peak_memory_bytes = 0;  // VmHWM
};

// One move with a journal of its own. Not thread safe.
class MoverProcess {
public:
    // `options`: what comes behind --source, --target, --journal and --format json.
    [[nodiscard]] static Result<MoverProcess> start(Context const& context,
                                                    std::filesystem::path const& aipress,
                                                    testing::DatabaseServer const& source,
                                                    testing::DatabaseServer const& target,
                                                    std::string const& database,
                                                    std::vector<std::string> options);

    // Errors: Internal with the mover's own words when it fails.
    [[nodiscard]] Result<MoveOutcome> wait(Context const& context);

    // `aipress database <verb>` on this journal: its object. NotFound, Unavailable and the like
    // while the move is not listening yet.
    [[nodiscard]] Result<boost::json::object> command(Context const& context,
                                                      std::string const& verb);
    // Asks `status` until `holds` says so. Errors: DeadlineExceeded; Internal when the move ends
    // before.
    [[nodiscard]] Result<boost::json::object> wait_until(
        Context const& context, std::function<bool(boost::json::object const&)> const& holds);

    void suspend();  // SIGSTOP
    void resume();   // SIGCONT

private:
    MoverProcess(std::filesystem::path aipress, testing::TemporaryDirectory folder, Process process,
                 SteadyTime began);
    void sample_memory();
    [[nodiscard]] Error failure(ExitStatus const& status) const;

    std::filesystem::path aipress_;
    testing::TemporaryDirectory folder_;  // journal and output
    Process process_;
    SteadyTime began_;
    std::uint64_t peak_memory_bytes_ = 0;
};

// The integer field, 0 when it is missing.
[[nodiscard]] std::int64_t number(boost::json::object const& report, std::string_view field);
[[nodiscard]] std::string text(boost::json::object const& report, std::string_view field);

}  // namespace aipress::bench
