// The journal of one move: a file of records, appended and flushed to disk before what they
// announce happens. Source of truth for the state, the owner, and every side effect to be undone.
//
// Format: json/record_file.h, with the header {"aipress_journal":1,…}.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/probe.h"
#include "base/result.h"
#include "json/record_file.h"
#include "mover/accounts.h"
#include "mover/effects.h"
#include "mover/report.h"
#include "mysql/binlog/position.h"

namespace aipress::mover {

// What a journal says.
struct JournalContent {
    std::string move_id;
    std::string source;  // Endpoint::display()
    std::string target;
    State state = State::Preflight;
    Side owner = Side::Source;
    bool paused = false;
    bool reverse_kept = true;
    std::string on_switch;                               // the command; empty: none
    std::optional<std::vector<Account>> named_accounts;  // those that the operator named
    std::vector<Account> source_accounts;                // found there so far, see set_accounts
    std::vector<Account> target_accounts;
    bool rolling_back = false;                             // the fence is that of a rollback
    std::optional<mysql::binlog::Position> start;          // P0, of the source's log
    std::optional<mysql::binlog::Position> reverse_start;  // R0, of the target's log
    // Of the source's log, when both sides were closed: behind it only the mover writes there.
    std::optional<mysql::binlog::Position> source_end;
    std::string schema_hash;
    std::vector<Effect> effects;  // outstanding, oldest first
    boost::json::object objects;  // the schema objects that were dropped or are to be made again
    boost::json::object report;   // the last one written
};

// Not thread safe. Every append goes through fsync; probe points "journal-<what>.before" and
// ".after".
class Journal final : public EffectLog {
public:
    // Errors: Unavailable when another process holds the lock, FailedPrecondition when the journal
    // is of another pair of databases, DataLoss when it is damaged, and what the file system says.
    [[nodiscard]] static Result<Journal> open(std::string const& path, std::string const& source,
                                              std::string const& target, Probe& probe);
    // Read only, without the lock. Errors: NotFound, DataLoss.
    [[nodiscard]] static Result<JournalContent> read(std::string const& path);

    [[nodiscard]] JournalContent const& content() const { return content_; }

    Result<void> set_state(State state, boost::json::object report);
    // One record: whoever reads the journal sees either the old owner or the new.
    Result<void> set_owner(Side owner);
    Result<void> set_paused(bool paused);
    Result<void> set_reverse_kept(bool kept);
    Result<void> set_on_switch(std::string const& command);
    Result<void> set_named_accounts(std::vector<Account> const& accounts);
    // The accounts to fence on that side. Where a closed gate means revoked grants, the server no
    // longer tells which they are.
    Result<void> set_accounts(Side side, std::vector<Account> const& accounts);
    Result<void> set_rolling_back(bool rolling_back);
    Result<void> set_start(mysql::binlog::Position const& position);
    Result<void> set_reverse_start(mysql::binlog::Position const& position);
    Result<void> set_source_end(mysql::binlog::Position const& position);
    Result<void> set_schema(std::string const& hash, boost::json::object objects);

    Result<void> intend(Effect const& effect) override;
    Result<void> undone(Effect const& effect) override;
    [[nodiscard]] std::vector<Effect> outstanding(Side side, std::string_view scope) const override;

private:
    Journal(json::RecordFile file, JournalContent content);
    Result<void> append(std::string_view what, boost::json::object const& record);

    json::RecordFile file_;
    JournalContent content_;
};

}  // namespace aipress::mover
