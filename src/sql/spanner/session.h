// A session of Cloud Spanner's, and the calls that are made in one. Source: spanner-v1 discovery
// document; what its emulator does differently is noted where it matters.
#pragma once

#include <boost/json/object.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gcp/connection.h"
#include "sql/spanner/values.h"

namespace aipress::sql::spanner {

inline constexpr char const* kApi = "spanner.googleapis.com";

// How a transaction begins: with its first statement.
enum class Kind { ReadWrite, ReadOnly };

// Not thread safe. The connection outlives it.
class Session {
public:
    // `database`: "projects/p/instances/i/databases/d". Errors: NotFound, PermissionDenied, ….
    [[nodiscard]] static gcp::Outcome<std::unique_ptr<Session>> create(
        Context const& context, gcp::Connection const& google, std::string const& database);

    // What follows is done in a transaction that begins with the first statement.
    void begin(Kind kind, milliseconds staleness);
    [[nodiscard]] gcp::Outcome<Answer> execute(Context const& context, std::string_view sql,
                                               Parameters const& parameters);
    // How many rows each changed. The error of the first that fails.
    [[nodiscard]] gcp::Outcome<std::vector<std::int64_t>> execute_batch(
        Context const& context, std::span<Statement const> statements);
    // Safe to repeat: a transaction is committed once. Nothing where no statement was run.
    gcp::Outcome<gcp::Done> commit(Context const& context);
    // Best effort: what is left over ends by itself after some seconds.
    void roll_back(Context const& context);
    void remove(Context const& context);

    [[nodiscard]] bool is_fresh() const { return !was_used_; }
    void set_used(SteadyTime now) {
        was_used_ = true;
        last_used_ = now;
    }
    [[nodiscard]] SteadyTime last_used() const { return last_used_; }

private:
    Session(gcp::Connection const& google, std::string name)
        : google_(google), name_(std::move(name)) {}
    gcp::Outcome<boost::json::object> call(Context const& context, char const* verb,
                                           boost::json::object body,
                                           gcp::Idempotent idempotent) const;
    boost::json::object in_transaction(boost::json::object body);
    void note_transaction(boost::json::object const& result_set);

    gcp::Connection const& google_;
    std::string const name_;
    bool was_used_ = false;
    SteadyTime last_used_;

    Kind kind_ = Kind::ReadWrite;
    milliseconds staleness_{0};
    std::string transaction_;  // its id; "": it has not begun
    std::int64_t sequence_ = 0;
};

}  // namespace aipress::sql::spanner
