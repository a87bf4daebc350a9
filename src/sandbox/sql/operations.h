// sql#operation: what Cloud SQL does after it has said yes. An operation is in the store before its
// client hears of it, and is done by a worker; a restart carries on with those that are not done.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "sandbox/operations.h"

namespace aipress::sandbox {

// One operation as its worker sees it.
struct SqlJob {
    std::string project;
    std::string instance;
    std::string type;               // "CREATE"
    boost::json::object arguments;  // forgotten once it is done: there may be a password in it
    bool is_resumed = false;        // begun before, by a process that died
};
// How it ended. `effect` is committed together with the operation's end, also when there is an
// error.
struct SqlJobEnd {
    std::function<Outcome<Done>(Transaction&)> effect = {};
    std::optional<ApiError> error = {};
};

// Thread safe. What it is given outlives it.
class SqlOperations {
public:
    // May take its time, and is called again for a job that a crash has interrupted.
    using Work = std::function<SqlJobEnd(SqlJob const&)>;

    SqlOperations(Store& store, Clock& clock, OperationTiming timing)
        : store_(store), clock_(clock), timing_(timing) {}
    SqlOperations(SqlOperations const&) = delete;
    SqlOperations& operator=(SqlOperations const&) = delete;
    ~SqlOperations() { stop(); }

    // Before begin().
    void set_work(std::string const& type, Work work) { work_[type] = std::move(work); }
    // Carries on with what is not done. Errors: those of the store.
    Result<void> begin();
    // What is not done waits for the next begin(). A work that ends with Cancelled is not done.
    void stop();

    struct Request {
        std::string project;
        std::string instance;
        std::string type;
        boost::json::object arguments = {};
        boost::json::object shown = {};  // members of the operation, such as "exportContext"
        milliseconds takes{10'000};      // realistic
    };
    // One transaction: `change`, then the operation. Errors: those of `change`; 409 while another
    // operation is under way on the instance.
    [[nodiscard]] Outcome<Reply> start(Call const& call, Request request,
                                       std::function<Outcome<Done>(Transaction&)> const& change);

    // Whether an operation is under way on the instance.
    [[nodiscard]] static Outcome<bool> is_busy(Transaction& transaction, std::string const& project,
                                               std::string const& instance);

    // Serves sql.operations.
    void serve(Methods& methods);

private:
    // What start()'s transaction ends with when the operation is to fail on purpose.
    [[nodiscard]] ApiError fail(Call const& call, std::string const& key,
                                boost::json::object const& operation) const;
    void run(std::string const& key);
    Outcome<Reply> list(Call& call);
    Outcome<Reply> get(Call& call);
    [[nodiscard]] boost::json::value view(boost::json::object const& operation) const;

    Store& store_;
    Clock& clock_;
    OperationTiming const timing_;
    std::map<std::string, Work> work_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> queue_;
    bool is_stopping_ = false;
    std::vector<std::jthread> workers_;
};

}  // namespace aipress::sandbox
