#include "mover/catch_up.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <set>

#include "base/log.h"
#include "mover/limits.h"

namespace aipress::mover {
namespace {

constexpr unsigned kDrainRoundsMost = 6;

std::vector<std::vector<std::string_view>> in_statements(
    std::vector<std::string_view> const& keys) {
    std::vector<std::vector<std::string_view>> parts;
    for (std::size_t begin = 0; begin < keys.size(); begin += limits::kStatementKeys) {
        auto const end = std::min(keys.size(), begin + limits::kStatementKeys);
        parts.emplace_back(keys.begin() + static_cast<std::ptrdiff_t>(begin),
                           keys.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return parts;
}

}  // namespace

CatchUp::CatchUp(CatchUpOptions options, Layouts const& layouts, Probe& probe,
                 mysql::Connection beat, mysql::Connection reader, mysql::Connection writer,
                 WritePath path)
    : options_(std::move(options)),
      layouts_(layouts),
      probe_(probe),
      beat_connection_(std::move(beat)),
      reader_(std::move(reader)),
      writer_(std::move(writer)),
      path_(path),
      heartbeat_(beat_connection_, options_.move_id),
      unverified_(options_.spill_directory),
      saved_position_(options_.start) {}

Result<std::unique_ptr<CatchUp>> CatchUp::start(Context const& context, CatchUpOptions options,
                                                Layouts const& layouts, Probe& probe) {
    auto beat = TRY(mysql::Connection::open(context, options.from, {.use_database = false}));
    auto reader = TRY(mysql::Connection::open(context, options.from));
    // The barrier makes commits visible to reads that begin after it: each statement must look
    // anew.
    TRY(reader.execute(context, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
    auto writer = TRY(mysql::Connection::open(context, options.to));
    auto const path = TRY(choose_write_path(context, writer));
    std::unique_ptr<CatchUp> catch_up(new CatchUp(std::move(options), layouts, probe,
                                                  std::move(beat), std::move(reader),
                                                  std::move(writer), path));
    auto const& used = catch_up->options_;
    FollowerOptions follow;
    follow.endpoint = used.from;
    follow.move_id = used.move_id;
    follow.from = used.start;
    follow.server_id = used.server_id;
    follow.retry_for = used.retry_for;
    follow.spill_directory = used.spill_directory;
    catch_up->follower_ =
        std::make_unique<Follower>(context.clock(), std::move(follow), catch_up->layouts_);
    return catch_up;
}

void CatchUp::suspect(std::string const& table, std::vector<RowKey> keys) {
    auto& suspects = suspects_[table];
    suspects.insert(suspects.end(), std::make_move_iterator(keys.begin()),
                    std::make_move_iterator(keys.end()));
}

// Whatever was committed before this heartbeat is in the dirty set once the log was read past it.
// So a row that differed before, and is not dirty now, differs for good.
Result<void> CatchUp::barrier_and_suspects(Context const& context) {
    auto const beat = TRY(heartbeat_.beat(context));
    TRY(follower_->wait_for(context.within(limits::kBarrierTimeout), beat));
    for (auto& [table, keys] : suspects_) {
        auto const& layout = layouts_.at(table);
        for (auto const& key : TRY(follower_->not_dirty(table, std::move(keys)))) {
            if (options_.hidden_changes.contains(table)) {
                TRY(follower_->add(table, key));
                continue;
            }
            if (differences_.size() >= limits::kReportedDifferences) break;
            log::warning("{} {}: {}", table, layout.describe_key(key),
                         TRY(explain_difference(context, reader_, writer_, layout, key)));
            differences_.push_back(
                {table, layout.describe_key(key),
                 TRY(explain_difference(context, reader_, writer_, layout, key))});
        }
    }
    suspects_.clear();
    return {};
}

Result<void> CatchUp::round(Context const& context) {
    TRY(barrier_and_suspects(context));
    probe_.at("take-keys.before");
    auto taken = follower_->take();
    bool all_carried = true;
    if (!taken.keys.empty()) {
        // The barrier: every key taken belongs to a transaction that the log holds before this
        // commit.
        TRY(heartbeat_.beat(context));
        for (auto const& [table, keys] : taken.keys) {
            if (!TRY(carry_or_put_back(context, table, keys))) all_carried = false;
        }
    }
    // Past keys that were put back, the position must not go: after a crash only the log knows
    // them.
    if (all_carried && taken.position != saved_position_) {
        probe_.at("save-position.before");
        TRY(metadata::save_position(context, writer_, options_.move_id, taken.position));
        probe_.at("save-position.after");
        saved_position_ = taken.position;
    }
    ++totals_.rounds;
    return compare_carried(context, limits::kVerifyKeysPerRound);
}

Result<std::vector<std::string>> CatchUp::carry_what_is_known(Context const& context) {
    std::vector<std::string> left_out;
    // Another time for keys that were put back.
    for (unsigned i = 0; i < kDrainRoundsMost && follower_->status().dirty_keys > 0; ++i) {
        auto taken = follower_->take();
        TRY(heartbeat_.beat(context));
        for (auto const& [table, keys] : taken.keys) {
            auto const carried = carry_or_put_back(context, table, keys);
            if (carried.ok()) continue;
            if (mysql::is_connection_error(carried.error()) || context.stopped()) {
                return carried.error();
            }
            left_out.push_back(carried.error().message());
        }
    }
    return left_out;
}

Result<bool> CatchUp::carry_or_put_back(Context const& context, std::string const& table,
                                        KeySet const& keys) {
    auto refusal =
        TRY(carry_table(context, layouts_.at(table), keys).in_context("carrying " + table));
    if (refusal.empty()) {
        refused_.erase(table);
        totals_.keys_carried += keys.size();
        TRY(unverified_.merge(table, keys));
        return true;
    }
    TRY(follower_->put_back(table, keys));
    auto& refused = refused_[table];
    refused.last = std::move(refusal);
    if (++refused.rounds > limits::kRefusedRoundsMost) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{} keeps refusing rows for a duplicate key that no change "
                                 "explains: the target sorts or compares its values unlike the "
                                 "source ({})",
                                 table, refused.last));
    }
    return false;
}

Result<CatchUp::Refusal> CatchUp::carry_table(Context const& context, TableLayout const& layout,
                                              KeySet const& keys) {
    if (layout.has_secondary_unique_index()) {
        return carry_all_or_none(
            context, [&](WriteMode mode) { return carry_at_once(context, layout, keys, mode); });
    }
    Refusal refusal;
    TRY(keys.for_each_batch(limits::kTransactionKeys,
                            [&](std::vector<std::string_view> const& batch) -> Result<void> {
                                auto refused = TRY(carry_all_or_none(context, [&](WriteMode mode) {
                                    return rewrite_keys(context, layout, batch, mode);
                                }));
                                if (!refused.empty()) refusal = std::move(refused);
                                return {};
                            }));
    return refusal;
}

Result<CatchUp::Refusal> CatchUp::carry_all_or_none(
    Context const& context, std::function<Result<Refusal>(WriteMode)> const& write) {
    Refusal refusal;
    for (auto const mode : {WriteMode::Bulk, WriteMode::RowByRow}) {
        TRY(writer_.execute(context, "START TRANSACTION"));
        refusal = TRY(write(mode));
        if (refusal.empty()) {
            TRY(commit(context));
            break;
        }
        TRY(writer_.execute(context, "ROLLBACK"));
    }
    return refusal;
}

// All keys leave before any row comes: unique values may have been swapped among them.
Result<CatchUp::Refusal> CatchUp::carry_at_once(Context const& context, TableLayout const& layout,
                                                KeySet const& keys, WriteMode mode) {
    TRY(keys.for_each_batch(limits::kTransactionKeys, [&](auto const& batch) {
        return delete_keys(context, layout, batch);
    }));
    Refusal refusal;
    TRY(keys.for_each_batch(limits::kTransactionKeys,
                            [&](std::vector<std::string_view> const& batch) -> Result<void> {
                                if (!refusal.empty()) return {};
                                refusal = TRY(rewrite_keys(context, layout, batch, mode));
                                return {};
                            }));
    return refusal;
}

Result<void> CatchUp::commit(Context const& context) {
    if (options_.signing == Signing::EachTransaction) {
        TRY(metadata::sign(context, writer_, options_.move_id));
    }
    probe_.at("carry-keys.before");
    TRY(writer_.execute(context, "COMMIT"));
    probe_.at("carry-keys.after");
    return {};
}

Result<void> CatchUp::delete_keys(Context const& context, TableLayout const& layout,
                                  std::vector<std::string_view> const& keys) {
    for (auto const& part : in_statements(keys)) {
        TRY(writer_.execute(context, fmt::format("DELETE FROM {} WHERE {}", layout.quoted_name(),
                                                 layout.in_keys(part))));
    }
    return {};
}

// Each statement's keys are deleted just before their rows come: a row can have come already by
// another spelling of its key, or by a key that was spilled twice.
Result<CatchUp::Refusal> CatchUp::rewrite_keys(Context const& context, TableLayout const& layout,
                                               std::vector<std::string_view> const& keys,
                                               WriteMode mode) {
    RowWriter writer(writer_, path_);
    for (auto const& part : in_statements(keys)) {
        TRY(delete_keys(context, layout, part));
        auto rows = TRY(
            reader_.stream(context, fmt::format("SELECT {} FROM {} WHERE {}", layout.select_list(),
                                                layout.quoted_name(), layout.in_keys(part))));
        if (mode == WriteMode::Bulk) {
            auto const outcome = TRY(writer.write(context, layout, rows));
            if (!outcome.is_exact()) return "not stored exactly: " + outcome.problem;
        } else {
            // Rows stored without strict mode are compared with all the others, key by key.
            auto written = TRY(writer.write_row_by_row(context, layout, rows, nullptr));
            if (!written.refused.empty()) return std::move(written.refused);
        }
    }
    return Refusal();
}

Result<void> CatchUp::compare_carried(Context const& context, std::size_t most) {
    std::size_t compared = 0;
    for (auto const& [table, keys] : unverified_.take()) {
        auto const& layout = layouts_.at(table);
        TRY(keys.for_each_batch(
            limits::kStatementKeys,
            [&](std::vector<std::string_view> const& batch) -> Result<void> {
                if (compared >= most) {
                    for (auto const key : batch) TRY(unverified_.insert(table, key));
                    return {};
                }
                compared += batch.size();
                auto const from = TRY(digest_rows(context, reader_, layout, batch));
                auto const to = TRY(digest_rows(context, writer_, layout, batch));
                auto differing = differing_keys(from, to);
                totals_.keys_compared += batch.size() - std::min(batch.size(), differing.size());
                if (!differing.empty()) suspect(table, std::move(differing));
                return {};
            }));
    }
    return {};
}

Result<void> CatchUp::drain(Context const& context) {
    for (unsigned i = 0; i < kDrainRoundsMost; ++i) {
        TRY(round(context));
        TRY(compare_carried(context, std::numeric_limits<std::size_t>::max()));
        TRY(barrier_and_suspects(context));
        if (!differences_.empty()) {
            return Error(ErrorCode::DataLoss,
                         fmt::format("{} {} {} though nobody writes", differences_[0].table,
                                     differences_[0].key, differences_[0].what));
        }
        if (follower_->status().dirty_keys == 0 && unverified_.size() == 0) return {};
    }
    return Error(ErrorCode::FailedPrecondition, describe_waiting());
}

std::string CatchUp::describe_waiting() const {
    if (!refused_.empty()) {
        auto const& [table, refused] = *refused_.begin();
        return fmt::format(
            "the other side refuses rows though nobody writes, {} rounds in a row now: {} {}",
            refused.rounds, table, refused.last);
    }
    return fmt::format(
        "rows still change though the tables are closed to writers ({} keys waiting)",
        follower_->status().dirty_keys);
}

Result<std::map<std::string, CopiedTable>> CatchUp::copy_keyless_tables(Context const& context) {
    std::map<std::string, CopiedTable> copied;
    for (auto const& [name, layout] : layouts_) {
        if (layout.has_key()) continue;
        copied[name] = TRY(copy_keyless_table(context, layout).in_context("copying " + name));
    }
    return copied;
}

Result<CopiedTable> CatchUp::copy_keyless_table(Context const& context, TableLayout const& layout) {
    auto const select =
        fmt::format("SELECT {} FROM {}", layout.select_list(), layout.quoted_name());
    auto const clear = fmt::format("DELETE FROM {}", layout.quoted_name());
    RowWriter writer(writer_, path_);
    TRY(writer_.execute(context, "START TRANSACTION"));
    TRY(writer_.execute(context, clear));
    WriteOutcome outcome;
    {
        auto stream = TRY(reader_.stream(context, select));
        outcome = TRY(writer.write(context, layout, stream));
    }
    if (!outcome.is_exact()) {
        TRY(writer_.execute(context, "ROLLBACK"));
        TRY(writer_.execute(context, "START TRANSACTION"));
        TRY(writer_.execute(context, clear));
        auto stream = TRY(reader_.stream(context, select));
        outcome = TRY(writer.write_row_by_row(context, layout, stream, nullptr)).outcome;
    }
    auto const from = TRY(digest_range(context, reader_, layout, {}));
    auto const to = TRY(digest_range(context, writer_, layout, {}));
    if (from != to) {
        TRY(writer_.execute(context, "ROLLBACK"));
        return Error(ErrorCode::DataLoss,
                     fmt::format("{} rows on one side, {} on the other, or different ones",
                                 from.rows, to.rows));
    }
    TRY(commit(context));
    return CopiedTable{to.rows, outcome.bytes};
}

}  // namespace aipress::mover
