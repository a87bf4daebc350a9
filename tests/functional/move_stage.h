// Two servers with one small tenant on the first: where a move is tried with bad inputs, and where
// it is seen whether that changed anything.
#pragma once

#include <string>
#include <vector>

#include "testing/aipress_process.h"
#include "testing/database_server.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {

// Everything that a server holds: databases, routines, events, triggers, users and what they may
// do. Lines of mariadb-dump.
using ServerImage = std::vector<std::string>;

[[nodiscard]] Result<ServerImage> read_server_image(Context const& context,
                                                    testing::DatabaseServer const& server);

// Not thread safe.
class MoveStage {
public:
    static constexpr milliseconds kPatience{120'000};

    // Starts both. Errors: as DatabaseServer::start.
    [[nodiscard]] static Result<MoveStage> make(testing::ServerOptions source = {},
                                                testing::ServerOptions target = {.server_id = 2});

    [[nodiscard]] testing::DatabaseServer& source() { return source_; }
    [[nodiscard]] testing::DatabaseServer& target() { return target_; }
    [[nodiscard]] Context context();
    // Kept from a call to the next; empty until a move ran.
    [[nodiscard]] std::string journal() const { return (folder_ / "journal").string(); }

    // The database `wp` on the source, with some rows, a view, a trigger and an account of its own;
    // the account is on the target too. Then remembers both servers.
    Result<void> make_tenant();
    Result<void> remember();
    Result<void> remember_source();
    // How the servers differ from what is remembered; "" when not at all.
    [[nodiscard]] Result<std::string> changes();

    // The command line of a move with these URLs.
    [[nodiscard]] testing::Arguments move_command(std::string const& source_url,
                                                  std::string const& target_url,
                                                  testing::Arguments const& more = {}) const;
    // As root, of the tenant, straight to the servers.
    [[nodiscard]] testing::Arguments move_command(testing::Arguments const& more = {}) const;
    Result<testing::CommandResult> run(testing::Arguments const& arguments);
    // `database VERB --journal …`, which waits for the answer.
    Result<testing::CommandResult> ask(std::string const& verb, testing::Arguments more = {});

    // The report of the running move, or of the journal.
    [[nodiscard]] Result<boost::json::object> status();
    // Errors: Aborted when the process ends before, with all that it said; DeadlineExceeded.
    Result<void> wait_for_state(testing::AipressProcess& move, std::string const& wanted);

private:
    MoveStage(testing::DatabaseServer source, testing::DatabaseServer target,
              testing::TemporaryDirectory folder)
        : source_(std::move(source)), target_(std::move(target)), folder_(std::move(folder)) {}

    testing::DatabaseServer source_;
    testing::DatabaseServer target_;
    testing::TemporaryDirectory folder_;
    ServerImage source_image_;
    ServerImage target_image_;
};

}  // namespace aipress::functional
