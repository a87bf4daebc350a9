// Whose a session is, by what the process list shows of it: user name and client host, not the
// account that it logged in as. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mover/accounts.h"

namespace aipress::mover {

// A row of information_schema.PROCESSLIST.
struct Session {
    std::uint64_t id = 0;
    std::string user;
    std::string host;  // "10.0.0.5:48222", "localhost"
    std::string database;
    std::string command;  // "Sleep", "Query", "Connect", "Killed", …

    std::string state = {};  // what it is doing: "query end", "Waiting for table metadata lock", …

    // "session 17 (wp@10.0.0.5:48222, Killed: query end)"
    [[nodiscard]] std::string describe() const;
};

enum class SessionKind {
    Foreign,         // nothing to do with the tenant
    Tenant,          // logged in as one of the fenced accounts
    Authenticating,  // about to: the server refuses it if the account was locked in time
    EventRun,        // an event of the tenant's is being executed
    EventStarting,   // some event is about to be, the process list does not say yet whose
    // Runs a trigger or a routine of the database with its definer's rights: the process list shows
    // the definer's user and host in place of the client's until that is over.
    DefinerRun,
};

// Does an account's host (with % and _, or ip/netmask) match a client's host without its port?
// A client at the loopback matches whichever of localhost, 127.0.0.1 and ::1 the account names.
[[nodiscard]] bool host_matches(std::string_view pattern, std::string_view host);

class SessionClassifier {
public:
    // `all_accounts`: every account of the server that has one of the fenced accounts' user names,
    // and the anonymous ones; they tell 'wp'@'10.0.0.5' (somebody else's) from 'wp'@'%'.
    // `definers`: those of the database's triggers and routines.
    SessionClassifier(std::string database, std::vector<Account> fenced,
                      std::vector<Account> all_accounts, std::vector<Account> definers);

    [[nodiscard]] SessionKind kind(Session const& session) const;

private:
    [[nodiscard]] bool is_fenced(std::string_view user, std::string_view host) const;
    [[nodiscard]] bool shows_a_definer(Session const& session) const;
    [[nodiscard]] bool belongs_to_fenced(Session const& session) const;

    std::string database_;
    std::vector<Account> fenced_;
    std::vector<Account> by_precedence_;
    std::vector<Account> definers_;
};

}  // namespace aipress::mover
