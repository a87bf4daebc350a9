// Changed rows carried from one side to the other, in rounds, and compared there.
//
// A round: a heartbeat is written and waited for in the log; the dirty keys so far are taken;
// another heartbeat is committed, so that all of them are visible to a SELECT (a barrier: the log
// shows a transaction before its commit is visible); their rows are read; in one transaction on the
// other side the keys are deleted and the rows that still exist inserted. Never REPLACE and never
// INSERT IGNORE: those drop rows of other keys silently. A duplicate key means that the read was
// ahead of the log: the keys wait for the next round. The log can name one row by several keys
// (spelled otherwise, equal by the column's collation).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"
#include "mover/digest.h"
#include "mover/follower.h"
#include "mover/key_set.h"
#include "mover/metadata.h"
#include "mover/row_writer.h"
#include "mysql/connection.h"

namespace aipress::mover {

// Whether each transaction on the other side says that it is the mover's (metadata::sign).
enum class Signing { None, EachTransaction };

struct CatchUpOptions {
    mysql::Endpoint from;
    mysql::Endpoint to;
    std::string move_id;
    std::uint32_t server_id = 0;
    mysql::binlog::Position start;
    milliseconds retry_for{60'000};
    std::filesystem::path spill_directory;
    Signing signing = Signing::None;
    // Tables that the server changes unseen by the log (foreign keys that cascade): a difference
    // there is a change to be carried, not a fault.
    std::set<std::string> hidden_changes;
};

// A row that differs though no change of it is waiting.
struct RowDifference {
    std::string table;
    std::string key;   // described
    std::string what;  // as explain_difference says
};

// Of a table copied whole.
struct CopiedTable {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;  // of the values
};

struct CatchUpTotals {
    std::uint64_t rounds = 0;
    std::uint64_t keys_carried = 0;
    std::uint64_t keys_compared = 0;
};

// Not thread safe, but for follower().
class CatchUp {
public:
    // Starts to follow. `layouts` (tables of options.from, equal on both sides) and the probe
    // outlive it.
    [[nodiscard]] static Result<std::unique_ptr<CatchUp>> start(Context const& context,
                                                                CatchUpOptions options,
                                                                Layouts const& layouts,
                                                                Probe& probe);

    [[nodiscard]] Follower& follower() { return *follower_; }
    [[nodiscard]] metadata::Heartbeat& heartbeat() { return heartbeat_; }

    // One round, and a comparison of rows carried over earlier. Errors: FailedPrecondition when a
    // table keeps refusing rows for duplicate keys; whatever the servers or the follower say.
    Result<void> round(Context const& context);

    // Behind a stream that broke: the rows of all keys that it named before, as they are now. What
    // is left out of that, in words: a table that is no more what it was. Errors: those of the
    // connections.
    [[nodiscard]] Result<std::vector<std::string>> carry_what_is_known(Context const& context);

    // With the `from` side closed: rounds until nothing waits and everything carried over has been
    // compared. Errors: DataLoss for a difference, DeadlineExceeded.
    Result<void> drain(Context const& context);

    // Tables without a key, whole, in one transaction each, and compared. The `from` side is
    // closed.
    Result<std::map<std::string, CopiedTable>> copy_keyless_tables(Context const& context);

    // Rows found different by somebody else (a range compared): the next round finds out whether a
    // change of them was on its way.
    void suspect(std::string const& table, std::vector<RowKey> keys);

    [[nodiscard]] std::vector<RowDifference> const& differences() const { return differences_; }
    [[nodiscard]] std::size_t unverified_keys() const { return unverified_.size(); }
    [[nodiscard]] bool has_suspects() const { return !suspects_.empty(); }
    [[nodiscard]] CatchUpTotals const& totals() const { return totals_; }

private:
    enum class WriteMode { Bulk, RowByRow };
    // Empty when all rows were stored; else why not, naming a row where the mode can tell.
    using Refusal = std::string;
    // A table whose keys were put back in so many rounds without a break.
    struct Refused {
        unsigned rounds = 0;
        Refusal last;
    };

    CatchUp(CatchUpOptions options, Layouts const& layouts, Probe& probe, mysql::Connection beat,
            mysql::Connection reader, mysql::Connection writer, WritePath path);

    Result<void> barrier_and_suspects(Context const& context);
    // Carries the keys or puts them back; true when they were carried.
    Result<bool> carry_or_put_back(Context const& context, std::string const& table,
                                   KeySet const& keys);
    Result<Refusal> carry_table(Context const& context, TableLayout const& layout,
                                KeySet const& keys);
    // Bulk, and row by row when that was refused. Each way is one transaction.
    Result<Refusal> carry_all_or_none(Context const& context,
                                      std::function<Result<Refusal>(WriteMode)> const& write);
    Result<Refusal> carry_at_once(Context const& context, TableLayout const& layout,
                                  KeySet const& keys, WriteMode mode);
    Result<void> delete_keys(Context const& context, TableLayout const& layout,
                             std::vector<std::string_view> const& keys);
    Result<Refusal> rewrite_keys(Context const& context, TableLayout const& layout,
                                 std::vector<std::string_view> const& keys, WriteMode mode);
    [[nodiscard]] std::string describe_waiting() const;
    Result<void> commit(Context const& context);
    Result<void> compare_carried(Context const& context, std::size_t most);
    Result<CopiedTable> copy_keyless_table(Context const& context, TableLayout const& layout);

    CatchUpOptions const options_;
    Layouts const& layouts_;
    Probe& probe_;
    mysql::Connection beat_connection_;
    mysql::Connection reader_;
    mysql::Connection writer_;
    WritePath path_;
    metadata::Heartbeat heartbeat_;
    KeySets unverified_;
    std::map<std::string, std::vector<RowKey>> suspects_;
    std::map<std::string, Refused> refused_;  // by table
    std::vector<RowDifference> differences_;
    mysql::binlog::Position saved_position_;
    CatchUpTotals totals_;
    std::unique_ptr<Follower> follower_;
};

}  // namespace aipress::mover
