// A tenant's site at work: writers that change a random schema in every way that SQL has, each on
// its own connection and thread, and remember what the server acknowledged.
//
// Every transaction that is meant to commit also inserts (writer, sequence) into `ledger`; what was
// acknowledged must be there wherever the tenant ends up.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/context.h"
#include "mysql/connection.h"
#include "mysql/endpoint.h"
#include "random_schema.h"

namespace aipress::functional {

// Makes the schema's objects in the endpoint's database and fills the tables.
Result<void> create_and_fill(Context const& context, mysql::Endpoint const& admin,
                             Schema const& schema, Random random, std::size_t most_rows);

struct WorkloadStatistics {
    std::uint64_t acknowledged = 0;  // transactions
    std::uint64_t unknown = 0;       // COMMIT sent, no answer: may be there or not
    std::uint64_t rolled_back = 0;
    std::uint64_t conflicts = 0;  // duplicate keys, deadlocks, lock timeouts
    std::uint64_t shut_out = 0;   // connections lost or refused
    std::uint64_t statements = 0;
};

// Writers against one endpoint. When their connection is killed or their account locked they try
// again until they are stopped: a fence may be undone.
class Workload {
public:
    struct Options {
        unsigned writers = 4;
        unsigned first_writer = 0;  // so that two workloads share a ledger
        milliseconds pause{2};      // after each transaction
    };
    // The schema outlives the workload.
    Workload(mysql::Endpoint tenant, Schema const& schema, Random random, Options options);
    ~Workload();  // stops

    // Waits for that many more acknowledged transactions. False on the context's deadline.
    [[nodiscard]] bool wait_for_transactions(Context const& context, std::uint64_t count);
    // While it rests, no writer begins a transaction: a tenant that for ever changes rows faster
    // than they can be carried is not what is tested.
    void rest(bool resting);
    // Ends the writers; those in a transaction abandon it.
    void stop();

    [[nodiscard]] WorkloadStatistics statistics() const;
    // SQL errors that no race explains, "1054 Unknown column … in <statement>"; at most 20.
    [[nodiscard]] std::vector<std::string> unexpected_errors() const;
    // What is wrong with the ledger table behind `reader`: acknowledged entries that are not there,
    // and entries that nobody wrote. REQUIRES: stopped.
    [[nodiscard]] Result<std::vector<std::string>> check_ledger(Context const& context,
                                                                mysql::Connection& reader) const;

private:
    class Writer;
    struct Shared;
    std::unique_ptr<Shared> shared_;
    std::vector<std::unique_ptr<Writer>> writers_;
    std::vector<std::jthread> threads_;
};

}  // namespace aipress::functional
