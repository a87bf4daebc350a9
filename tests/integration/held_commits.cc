#include "held_commits.h"

namespace aipress {
namespace {

constexpr auto kOn = "SET GLOBAL rpl_semi_sync_master_enabled = ON";
constexpr auto kOff = "SET GLOBAL rpl_semi_sync_master_enabled = OFF";

void prepare(testing::DatabaseServer const& server) {
    server.execute("SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC");
    server.execute("SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON");
    // Longer than any test.
    server.execute("SET GLOBAL rpl_semi_sync_master_timeout = 600000");
}

bool heartbeat_waits(testing::DatabaseServer const& server) {
    return server.scalar(
               "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE "
               "COMMAND='Query' AND INFO LIKE 'INSERT INTO aipress_mover.heartbeat%'") != "0";
}

bool somebody_is_held(mysql::Connection& connection, Context const& context) {
    auto const waiting =
        connection.query(context, "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_wait_sessions'");
    return waiting.ok() && waiting->text(0, "Value") != "0";
}

}  // namespace

void hold_commits(testing::DatabaseServer const& server) {
    prepare(server);
    server.execute(kOn);
}

void let_commits_through(testing::DatabaseServer const& server) {
    server.execute(kOff);
}

void wait_until_held(testing::DatabaseServer const& server, Context const& context) {
    auto connection = server.connect_root();
    while (!somebody_is_held(connection, context) && context.sleep(milliseconds(1))) {
    }
}

HeldCommits::HeldCommits(testing::DatabaseServer const& server, Context const& context,
                         milliseconds held)
    : server_(server) {
    prepare(server);
    thread_ = std::jthread([this, context, held](std::stop_token const& stop) {
        auto connection = server_.connect_root();
        while (!stop.stop_requested()) {
            if (!connection.execute(context, kOn).ok()) return;
            context.sleep(held);
            if (!connection.execute(context, kOff).ok()) return;
            // Held again too soon, they would wait on: nobody would ever get a lock.
            while (somebody_is_held(connection, context) && context.sleep(milliseconds(1))) {
            }
        }
    });
}

HeldCommits::~HeldCommits() {
    thread_.request_stop();
    thread_.join();
    let_commits_through(server_);
}

HeldUntilHeartbeat::HeldUntilHeartbeat(testing::DatabaseServer const& server,
                                       Context const& context)
    : server_(server) {
    hold_commits(server);
    thread_ = std::jthread([this, context](std::stop_token const& stop) {
        while (!stop.stop_requested() && !heartbeat_waits(server_)) {
            if (!context.sleep(milliseconds(1))) return;
        }
        let_commits_through(server_);
    });
}

HeldUntilHeartbeat::~HeldUntilHeartbeat() {
    thread_.request_stop();
    thread_.join();
    let_commits_through(server_);
}

}  // namespace aipress
