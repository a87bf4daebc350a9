// A pass over every row of both sides, range by range, several at once, while the site is being
// written to. Rows that differ go to CatchUp::suspect, which knows whether a change of them is on
// its way.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mover/digest.h"
#include "mover/follower.h"
#include "mysql/connection.h"

namespace aipress::mover {

struct TableRange {
    TableLayout const* layout = nullptr;
    KeyRange range;
};

struct ComparedRange {
    std::uint64_t rows = 0;  // equal ones
    std::vector<RowKey> differing;
    bool keyless_differs = false;  // a table without a key, which can only be compared whole
};

// Two connections, one to each side. Compares one range after another.
struct ComparePair {
    mysql::Connection source;
    mysql::Connection target;
};

[[nodiscard]] Result<std::vector<ComparePair>> open_compare_pairs(Context const& context,
                                                                  mysql::Endpoint const& source,
                                                                  mysql::Endpoint const& target,
                                                                  unsigned count);

// Digests first; only a range that differs is listed row by row.
[[nodiscard]] Result<ComparedRange> compare_range(Context const& context, ComparePair& pair,
                                                  TableLayout const& layout, KeyRange const& range);

// Not thread safe.
class VerificationPass {
public:
    // `layouts` outlives the pass.
    [[nodiscard]] static Result<VerificationPass> begin(Context const& context,
                                                        std::vector<ComparePair> pairs,
                                                        Layouts const& layouts);

    [[nodiscard]] bool is_done() const { return next_ == ranges_.size(); }
    [[nodiscard]] std::size_t ranges_left() const { return ranges_.size() - next_; }

    // Compares the next ranges, one or a few for each pair of connections, and hands rows that
    // differ on.
    using Suspect = std::function<void(std::string const& table, std::vector<RowKey> keys)>;
    Result<void> step(Context const& context, Suspect const& suspect);

    [[nodiscard]] std::map<std::string, std::uint64_t> const& rows_by_table() const {
        return rows_by_table_;
    }

private:
    VerificationPass(std::vector<ComparePair> pairs, std::vector<TableRange> ranges);

    std::vector<ComparePair> pairs_;
    std::vector<TableRange> ranges_;
    std::size_t next_ = 0;
    std::map<std::string, std::uint64_t> rows_by_table_;
};

}  // namespace aipress::mover
