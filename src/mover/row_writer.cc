#include "mover/row_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

#include "mover/limits.h"
#include "mysql/bulk_insert.h"

namespace aipress::mover {
namespace {

constexpr unsigned kDuplicateKey = 1062;
constexpr std::string_view kLenientMode = "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO";
constexpr std::string_view kStrictMode =
    "STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO";

constexpr std::array<char, 256> load_escapes() {
    std::array<char, 256> escapes{};
    escapes[0] = '0';
    escapes['\t'] = 't';
    escapes['\n'] = 'n';
    escapes['\\'] = '\\';
    return escapes;
}
constexpr auto kLoadEscapes = load_escapes();

// Runs between special bytes go over in one piece: most bytes of a site are plain.
void append_load_value(std::string& out, std::string_view value) {
    char const* run = value.data();
    char const* const end = run + value.size();
    for (char const* at = run; at != end; ++at) {
        char const escape = kLoadEscapes[static_cast<unsigned char>(*at)];
        if (escape == 0) [[likely]]
            continue;
        out.append(run, at);
        out += '\\';
        out += escape;
        run = at + 1;
    }
    out.append(run, end);
}

std::uint64_t value_bytes(mysql::RowView row) {
    std::uint64_t bytes = 0;
    for (auto const& value : row) bytes += value ? value->size() : 0;
    return bytes;
}

// Pulls rows from the source as the target asks for more: nothing is held but a row or two.
class RowSource final : public mysql::LoadSource {
public:
    RowSource(TableLayout const& layout, mysql::RowStream& rows, WriteOutcome& outcome)
        : layout_(layout), rows_(rows), outcome_(outcome) {}

    Result<std::size_t> read(std::span<char> buffer) override {
        while (pending_.size() - sent_ < buffer.size() && !at_end_) TRY(pull());
        auto const size = std::min(buffer.size(), pending_.size() - sent_);
        std::memcpy(buffer.data(), pending_.data() + sent_, size);
        sent_ += size;
        if (sent_ == pending_.size()) {
            pending_.clear();
            sent_ = 0;
            // One huge row must not keep its memory for the rest of the table.
            if (pending_.capacity() > (limits::kInsertBytes << 2)) pending_.shrink_to_fit();
        }
        return size;
    }

private:
    Result<void> pull() {
        auto const row = TRY(rows_.next());
        if (!row) {
            at_end_ = true;
            return {};
        }
        bool first = true;
        for (auto const& value : *row) {
            if (!first) pending_ += '\t';
            first = false;
            if (value) {
                append_load_value(pending_, *value);
            } else {
                pending_ += "\\N";
            }
        }
        pending_ += '\n';
        ++outcome_.rows_sent;
        outcome_.bytes += value_bytes(*row);
        if (layout_.has_key()) outcome_.last_key = layout_.key_of_row(*row);
        return {};
    }

    TableLayout const& layout_;
    mysql::RowStream& rows_;
    WriteOutcome& outcome_;
    std::string pending_;
    std::size_t sent_ = 0;
    bool at_end_ = false;
};

}  // namespace

RowWriter::RowWriter(mysql::Connection& target, WritePath path) : target_(target), path_(path) {}

Result<WriteOutcome> RowWriter::write(Context const& context, TableLayout const& layout,
                                      mysql::RowStream& rows) {
    switch (path_) {
        case WritePath::Bulk:
            return bulk(context, layout, rows);
        case WritePath::LoadData:
            return load(context, layout, rows);
        case WritePath::Insert:
            break;
    }
    return insert(context, layout, rows);
}

Result<WriteOutcome> RowWriter::bulk(Context const& context, TableLayout const& layout,
                                     mysql::RowStream& rows) {
    WriteOutcome outcome;
    auto statement = TRY(mysql::BulkInsert::prepare(
        context, target_,
        fmt::format("INSERT INTO {} ({}) VALUES ({})", layout.quoted_name(),
                    layout.insert_columns(), layout.insert_placeholders())));
    while (true) {
        auto const row = TRY(rows.next());
        bool const is_long = row && value_bytes(*row) >= limits::kBulkBytes;
        bool const is_full = statement.pending_bytes() >= limits::kBulkBytes ||
                             statement.pending_rows() >= limits::kBulkRows;
        if (statement.pending_rows() > 0 && (!row || is_long || is_full)) {
            TRY(note_insert(context, statement.execute(context), outcome));
        }
        if (!row || !outcome.problem.empty()) return outcome;
        ++outcome.rows_sent;
        outcome.bytes += value_bytes(*row);
        if (layout.has_key()) outcome.last_key = layout.key_of_row(*row);
        if (is_long) {
            TRY(note_insert(context, statement.execute_alone(context, *row), outcome));
            if (!outcome.problem.empty()) return outcome;
        } else {
            statement.add(*row);
        }
    }
}

Result<WriteOutcome> RowWriter::load(Context const& context, TableLayout const& layout,
                                     mysql::RowStream& rows) {
    WriteOutcome outcome;
    RowSource source(layout, rows, outcome);
    auto const sql = fmt::format(
        "LOAD DATA LOCAL INFILE 'aipress' INTO TABLE {} CHARACTER SET binary "
        "FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' {}",
        layout.quoted_name(), layout.load_columns());
    auto const result = TRY(target_.load_data(context, sql, source));
    outcome.rows_stored = result.affected_rows;
    outcome.warnings = result.warnings;
    if (!outcome.is_exact()) {
        auto const warnings = TRY(target_.warnings(context, 1));
        outcome.problem = warnings.empty() ? result.info : warnings[0];
    }
    return outcome;
}

Result<void> RowWriter::note_insert(Context const& context, Result<mysql::ExecuteResult> inserted,
                                    WriteOutcome& outcome) {
    if (!inserted.ok()) {
        if (inserted.error().native_code() == 0 || mysql::is_connection_error(inserted.error())) {
            return inserted.release_error();
        }
        outcome.problem = inserted.error().message();
        return {};
    }
    outcome.rows_stored += inserted->affected_rows;
    outcome.warnings += inserted->warnings;
    if (inserted->warnings > 0 && outcome.problem.empty()) {
        auto const warnings = TRY(target_.warnings(context, 1));
        outcome.problem = warnings.empty() ? "a warning" : warnings[0];
    }
    return {};
}

Result<WriteOutcome> RowWriter::insert(Context const& context, TableLayout const& layout,
                                       mysql::RowStream& rows) {
    WriteOutcome outcome;
    auto const head =
        fmt::format("INSERT INTO {} ({}) VALUES ", layout.quoted_name(), layout.insert_columns());
    std::string sql = head;
    while (true) {
        auto const row = TRY(rows.next());
        if (!row) break;
        if (sql.size() > head.size()) sql += ',';
        layout.append_insert_values(sql, *row);
        ++outcome.rows_sent;
        outcome.bytes += value_bytes(*row);
        if (layout.has_key()) outcome.last_key = layout.key_of_row(*row);
        if (sql.size() < limits::kInsertBytes) continue;
        TRY(note_insert(context, target_.execute(context, sql), outcome));
        if (!outcome.problem.empty()) return outcome;
        sql = head;
    }
    if (sql.size() > head.size()) TRY(note_insert(context, target_.execute(context, sql), outcome));
    return outcome;
}

Result<RowWriter::RowByRow> RowWriter::write_row_by_row(
    Context const& context, TableLayout const& layout, mysql::RowStream& rows,
    std::function<void(RowKey const&)> const& on_duplicate) {
    RowByRow result;
    auto const head =
        fmt::format("INSERT INTO {} ({}) VALUES ", layout.quoted_name(), layout.insert_columns());
    while (true) {
        auto const row = TRY(rows.next());
        if (!row) break;
        ++result.outcome.rows_sent;
        result.outcome.bytes += value_bytes(*row);
        RowKey const key = layout.has_key() ? layout.key_of_row(*row) : RowKey();
        if (layout.has_key()) result.outcome.last_key = key;
        std::string sql = head;
        layout.append_insert_values(sql, *row);

        auto const is_duplicate = [&](Result<mysql::ExecuteResult> const& outcome) {
            return !outcome.ok() && outcome.error().native_code() == kDuplicateKey;
        };
        auto stored = target_.execute(context, sql);
        bool const refused_value = !stored.ok() && !is_duplicate(stored) &&
                                   stored.error().code() == ErrorCode::Unknown && target_.usable();
        if (refused_value || (stored.ok() && stored->warnings > 0)) {
            if (stored.ok()) {  // stored with a warning: the caller compares it all the same
                result.lenient.push_back(key);
                ++result.outcome.rows_stored;
                continue;
            }
            TRY(target_.execute(context, fmt::format("SET SESSION sql_mode='{}'", kLenientMode)));
            stored = target_.execute(context, sql);
            TRY(target_.execute(context, fmt::format("SET SESSION sql_mode='{}'", kStrictMode)));
            if (stored.ok()) result.lenient.push_back(key);
        }
        if (is_duplicate(stored)) {
            if (result.refused.empty()) {
                result.refused =
                    fmt::format("{}: {}", layout.describe_key(key), stored.error().message());
            }
            if (on_duplicate) on_duplicate(key);
            continue;
        }
        if (!stored.ok()) {
            return stored.release_error().in_context(
                fmt::format("{} {}", layout.name(), layout.describe_key(key)));
        }
        result.outcome.rows_stored += stored->affected_rows;
    }
    return result;
}

Result<WritePath> choose_write_path(Context const& context, mysql::Connection& target) {
    if (mysql::BulkInsert::supported_by(target)) return WritePath::Bulk;
    auto const allowed = TRY(target.query(context, "SELECT @@GLOBAL.local_infile"));
    return allowed.scalar() == "1" ? WritePath::LoadData : WritePath::Insert;
}

}  // namespace aipress::mover
