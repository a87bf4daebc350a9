// The parallel copy: every table with a key, in ranges, from snapshots of the source.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/probe.h"
#include "base/result.h"
#include "mover/follower.h"
#include "mover/metadata.h"
#include "mover/row_writer.h"
#include "mysql/connection.h"
#include "mysql/schema.h"

namespace aipress::mover {

struct TableProgress {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    bool is_copied = false;
};

// Where workers wait between two chunks while the copy is to rest. Thread safe.
class RestSwitch {
public:
    void set(bool rest);
    // Returns false when stopped.
    bool wait_while_resting(std::stop_token const& stop);

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool resting_ = false;
};

// run() is called once; progress() by any thread meanwhile.
class Copier {
public:
    struct Options {
        mysql::Endpoint target;
        std::string move_id;
    };
    // All references outlive the copier. `readers` have their snapshots open: one worker for each.
    Copier(Options options, mysql::Schema const& schema, Layouts const& layouts, Follower& follower,
           RestSwitch& rest, Probe& probe);

    // Carries on from the segments that the target has. When it returns, every table with a key is
    // copied and has its indexes. The first error stops all workers and is returned.
    Result<void> run(Context const& context, std::vector<mysql::Connection>& readers);

    [[nodiscard]] std::map<std::string, TableProgress> progress() const;

private:
    struct Worker {
        mysql::Connection& reader;
        mysql::Connection target;
        WritePath path;
    };

    Result<void> prepare_segments(Context const& context, mysql::Connection& reader,
                                  mysql::Connection& target);
    Result<std::vector<metadata::Segment>> cut_segments(Context const& context,
                                                        mysql::Connection& reader,
                                                        TableLayout const& layout) const;
    Result<void> work(Context const& context, Worker& worker);
    Result<void> copy_segment(Context const& context, Worker& worker, metadata::Segment& segment);
    Result<void> copy_chunk(Context const& context, Worker& worker, TableLayout const& layout,
                            metadata::Segment& segment);
    Result<WriteOutcome> write_chunk(Context const& context, Worker& worker,
                                     TableLayout const& layout, std::string const& select);
    Result<WriteOutcome> write_chunk_row_by_row(Context const& context, Worker& worker,
                                                TableLayout const& layout,
                                                std::string const& select);
    Result<void> finish_segment(Context const& context, Worker& worker, std::string const& table);
    std::optional<metadata::Segment> next_segment();

    Options const options_;
    mysql::Schema const& schema_;
    Layouts const& layouts_;
    Follower& follower_;
    RestSwitch& rest_;
    Probe& probe_;

    mutable std::mutex mutex_;
    std::vector<metadata::Segment> waiting_;            // last is next
    std::map<std::string, std::size_t> open_segments_;  // by table: not yet done
    std::map<std::string, TableProgress> progress_;
};

}  // namespace aipress::mover
