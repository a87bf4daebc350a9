#include "mover/copier.h"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

#include "mover/digest.h"
#include "mover/limits.h"
#include "mover/schema_transfer.h"

namespace aipress::mover {

void RestSwitch::set(bool rest) {
    std::lock_guard const lock(mutex_);
    resting_ = rest;
    changed_.notify_all();
}

bool RestSwitch::wait_while_resting(std::stop_token const& stop) {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [&] { return !resting_; });
}

Copier::Copier(Options options, mysql::Schema const& schema, Layouts const& layouts,
               Follower& follower, RestSwitch& rest, Probe& probe)
    : options_(std::move(options)),
      schema_(schema),
      layouts_(layouts),
      follower_(follower),
      rest_(rest),
      probe_(probe) {}

std::map<std::string, TableProgress> Copier::progress() const {
    std::lock_guard const lock(mutex_);
    return progress_;
}

Result<std::vector<metadata::Segment>> Copier::cut_segments(Context const& context,
                                                            mysql::Connection& reader,
                                                            TableLayout const& layout) const {
    std::vector<KeyRange> ranges(1);
    // Rows put in front of others leave pages half empty: InnoDB tries the right neighbour before
    // it splits. With three rows to a page the table became 1.6 times as large, to write and to
    // read.
    if (!layout.has_wide_rows() && layout.has_integer_key() &&
        layout.data_bytes() > limits::kSegmentBytes) {
        auto const pieces =
            std::min(limits::kSegmentsMost, layout.data_bytes() / limits::kSegmentBytes + 1);
        auto const rows = std::max<std::uint64_t>(1, layout.row_estimate() / pieces);
        ranges = TRY(cut_ranges(context, reader, layout, rows));
    }
    std::vector<metadata::Segment> segments;
    for (auto& range : ranges) {
        metadata::Segment segment;
        segment.table = layout.name();
        segment.number = static_cast<std::uint32_t>(segments.size());
        segment.range = std::move(range);
        segments.push_back(std::move(segment));
    }
    return segments;
}

Result<void> Copier::prepare_segments(Context const& context, mysql::Connection& reader,
                                      mysql::Connection& target) {
    std::map<std::string, std::vector<metadata::Segment>> by_table;
    for (auto& segment : TRY(metadata::read_segments(context, target, options_.move_id))) {
        by_table[segment.table].push_back(std::move(segment));
    }
    for (auto const& [name, layout] : layouts_) {
        if (!layout.has_key()) continue;
        auto& segments = by_table[name];
        if (segments.empty()) {
            segments = TRY(cut_segments(context, reader, layout));
            TRY(metadata::create_segments(context, target, options_.move_id, segments));
        }
    }
    std::vector<std::string> const finished = [&] {
        std::lock_guard const lock(mutex_);
        std::vector<std::string> tables;
        for (auto const& [name, segments] : by_table) {
            auto& progress = progress_[name];
            for (auto const& segment : segments) {
                progress.rows += segment.rows;
                progress.bytes += segment.bytes;
                if (segment.is_done) continue;
                ++open_segments_[name];
                waiting_.push_back(segment);
            }
            if (!open_segments_.contains(name)) tables.push_back(name);
        }
        // The largest tables first: their indexes take longest, and nobody waits for them at the
        // end.
        std::stable_sort(waiting_.begin(), waiting_.end(), [&](auto const& a, auto const& b) {
            return layouts_.at(a.table).data_bytes() < layouts_.at(b.table).data_bytes();
        });
        return tables;
    }();
    for (auto const& name : finished) {  // copied before a crash, but perhaps not indexed
        TRY(complete_table(context, target, *schema_.find_table(name), probe_));
        std::lock_guard const lock(mutex_);
        progress_[name].is_copied = true;
    }
    return {};
}

Result<void> Copier::run(Context const& context, std::vector<mysql::Connection>& readers) {
    ASSERT(!readers.empty());
    std::vector<Worker> workers;
    for (auto& reader : readers) {
        auto target = TRY(mysql::Connection::open(context, options_.target));
        auto const path = TRY(choose_write_path(context, target));
        workers.push_back({reader, std::move(target), path});
    }
    TRY(prepare_segments(context, workers[0].reader, workers[0].target));

    std::stop_source abandon;
    std::stop_callback const on_stop(context.stop(), [&] { abandon.request_stop(); });
    auto const work_context = context.stopped_by(abandon.get_token());
    std::mutex failure_mutex;
    std::optional<Error> failure;
    {
        std::vector<std::jthread> threads;
        for (auto& worker : workers) {
            threads.emplace_back([&] {
                auto result = work(work_context, worker);
                if (result.ok()) return;
                std::lock_guard const lock(failure_mutex);
                if (!failure) failure = result.release_error();
                abandon.request_stop();
            });
        }
    }
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
    if (failure) return *failure;
    return {};
}

std::optional<metadata::Segment> Copier::next_segment() {
    std::lock_guard const lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    auto segment = std::move(waiting_.back());
    waiting_.pop_back();
    return segment;
}

Result<void> Copier::work(Context const& context, Worker& worker) {
    while (auto segment = next_segment()) {
        TRY(copy_segment(context, worker, *segment).in_context("copying " + segment->table));
        TRY(finish_segment(context, worker, segment->table)
                .in_context("building the indexes of " + segment->table));
    }
    return {};
}

Result<void> Copier::copy_segment(Context const& context, Worker& worker,
                                  metadata::Segment& segment) {
    auto const& layout = layouts_.at(segment.table);
    while (!segment.is_done) {
        if (!rest_.wait_while_resting(context.stop())) {
            return Error(ErrorCode::Cancelled, "stopped on request");
        }
        TRY(copy_chunk(context.within(limits::kStatementTimeout), worker, layout, segment));
    }
    return {};
}

Result<void> Copier::copy_chunk(Context const& context, Worker& worker, TableLayout const& layout,
                                metadata::Segment& segment) {
    auto const rows_wanted = std::clamp(limits::kChunkBytes / layout.average_row_bytes(),
                                        limits::kChunkRowsLeast, limits::kChunkRowsMost);
    auto const select = fmt::format("SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}",
                                    layout.select_list(), layout.quoted_name(),
                                    layout.in_range(segment.range), layout.key_list(), rows_wanted);
    TRY(worker.target.execute(context, "START TRANSACTION"));
    auto outcome = TRY(write_chunk(context, worker, layout, select));
    if (!outcome.is_exact()) {
        TRY(worker.target.execute(context, "ROLLBACK"));
        TRY(worker.target.execute(context, "START TRANSACTION"));
        outcome = TRY(write_chunk_row_by_row(context, worker, layout, select));
    }
    auto copied = segment;
    copied.rows += outcome.rows_stored;
    copied.bytes += outcome.bytes;
    if (!outcome.last_key.empty()) copied.range.after = outcome.last_key;
    copied.is_done = outcome.rows_sent < rows_wanted;
    // The rows and how far they go: one transaction, so a killed copy leaves no half range.
    TRY(metadata::save_segment(context, worker.target, options_.move_id, copied));
    probe_.at("copy-chunk.before");
    TRY(worker.target.execute(context, "COMMIT"));
    probe_.at("copy-chunk.after");

    std::lock_guard const lock(mutex_);
    progress_[segment.table].rows += copied.rows - segment.rows;
    progress_[segment.table].bytes += copied.bytes - segment.bytes;
    segment = std::move(copied);
    return {};
}

Result<WriteOutcome> Copier::write_chunk(Context const& context, Worker& worker,
                                         TableLayout const& layout, std::string const& select) {
    auto rows = TRY(worker.reader.stream(context, select));
    RowWriter writer(worker.target, worker.path);
    return writer.write(context, layout, rows);
}

Result<WriteOutcome> Copier::write_chunk_row_by_row(Context const& context, Worker& worker,
                                                    TableLayout const& layout,
                                                    std::string const& select) {
    RowWriter::RowByRow written;
    {
        auto rows = TRY(worker.reader.stream(context, select));
        RowWriter writer(worker.target, worker.path);
        // A snapshot taken again after a restart can show a unique value that has moved between
        // rows. Both rows changed after the start of the stream, which therefore names them; the
        // row is left out here.
        std::optional<Error> failure;
        written = TRY(writer.write_row_by_row(context, layout, rows, [&](RowKey const& key) {
            auto added = follower_.add(layout.name(), key);
            if (!added.ok()) failure = added.release_error();
        }));
        if (failure) return *failure;
    }
    std::vector<std::string_view> const keys(written.lenient.begin(), written.lenient.end());
    auto const source = TRY(digest_rows(context, worker.reader, layout, keys));
    auto const target = TRY(digest_rows(context, worker.target, layout, keys));
    // A table without snapshots (MyISAM) may have changed in between; if it has not, the row will
    // differ again when it is carried, and be reported.
    for (auto const& key : differing_keys(source, target)) {
        TRY(follower_.add(layout.name(), key));
    }
    written.outcome.problem.clear();
    return written.outcome;
}

Result<void> Copier::finish_segment(Context const& context, Worker& worker,
                                    std::string const& table) {
    {
        std::lock_guard const lock(mutex_);
        if (--open_segments_[table] > 0) return {};
    }
    TRY(complete_table(context.within(limits::kStatementTimeout), worker.target,
                       *schema_.find_table(table), probe_));
    std::lock_guard const lock(mutex_);
    progress_[table].is_copied = true;
    return {};
}

}  // namespace aipress::mover
