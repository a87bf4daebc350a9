// The gap between a commit's place in the log and its visibility is some microseconds wide. Here it
// is held open: semi-synchronous replication with AFTER_SYNC and no replica makes every commit of a
// MariaDB server wait in it.
#pragma once

#include <thread>

#include "base/context.h"
#include "testing/database_server.h"

namespace aipress {

// From here on no commit becomes visible, or returns, though the log shows it.
void hold_commits(testing::DatabaseServer const& server);
// Those that wait become visible, in the log's order; later ones do not wait.
void let_commits_through(testing::DatabaseServer const& server);

// Until some commit is held at this moment.
void wait_until_held(testing::DatabaseServer const& server, Context const& context);

// Every commit is held, and let through after `held`, as long as this lives.
class HeldCommits {
public:
    HeldCommits(testing::DatabaseServer const& server, Context const& context, milliseconds held);
    ~HeldCommits();
    HeldCommits(HeldCommits const&) = delete;
    HeldCommits& operator=(HeldCommits const&) = delete;

private:
    testing::DatabaseServer const& server_;
    std::jthread thread_;
};

// Every commit is held until a heartbeat of the mover waits behind the others, or until this ends:
// a barrier is then seen to wait, and one that is not there to be missed.
class HeldUntilHeartbeat {
public:
    HeldUntilHeartbeat(testing::DatabaseServer const& server, Context const& context);
    ~HeldUntilHeartbeat();
    HeldUntilHeartbeat(HeldUntilHeartbeat const&) = delete;
    HeldUntilHeartbeat& operator=(HeldUntilHeartbeat const&) = delete;

private:
    testing::DatabaseServer const& server_;
    std::jthread thread_;
};

}  // namespace aipress
