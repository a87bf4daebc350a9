#include "backup/database_record.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "backup/limits.h"
#include "inventory/workers.h"
#include "mysql/connection.h"

namespace aipress::backup {
namespace {

using gcp::Done;
using gcp::Outcome;

// One session a worker, kept for the next piece of work.
class Sessions {
public:
    explicit Sessions(mysql::Endpoint const& endpoint) : endpoint_(endpoint) {}

    Result<mysql::Connection> take(Context const& context) {
        {
            std::lock_guard const lock(mutex_);
            if (!idle_.empty()) {
                auto session = std::move(idle_.back());
                idle_.pop_back();
                return session;
            }
        }
        return mysql::Connection::open(context, endpoint_);
    }
    void give_back(mysql::Connection session) {
        std::lock_guard const lock(mutex_);
        idle_.push_back(std::move(session));
    }

private:
    mysql::Endpoint const& endpoint_;
    std::mutex mutex_;
    std::vector<mysql::Connection> idle_;
};

struct RangePlace {
    mover::TableLayout const* layout = nullptr;
    std::size_t table = 0;  // in the record
    std::size_t range = 0;
};

using Layouts = std::map<std::string, mover::TableLayout, std::less<>>;

Layouts layouts_of(mysql::Schema const& schema) {
    Layouts layouts;
    for (auto const& table : schema.tables) {
        layouts.emplace(table.name, mover::TableLayout(table, mover::Floats::AsDumped));
    }
    return layouts;
}

// Of the tables that are in `layouts`.
std::vector<RangePlace> places_of(DatabaseRecord const& record, Layouts const& layouts) {
    std::vector<RangePlace> places;
    for (std::size_t table = 0; table < record.tables.size(); ++table) {
        auto const layout = layouts.find(record.tables[table].name);
        if (layout == layouts.end()) continue;
        for (std::size_t range = 0; range < record.tables[table].ranges.size(); ++range) {
            places.push_back({&layout->second, table, range});
        }
    }
    return places;
}

mover::KeyRange key_range(TableRecord const& table, std::size_t range) {
    return {.after = range == 0 ? mover::RowKey() : table.ranges[range - 1].upto,
            .upto = table.ranges[range].upto};
}

// Hands on the digest of each range, several at once; `take` is called by one thread at a time.
using TakeDigest = std::function<void(RangePlace const&, mover::RangeDigest)>;
Outcome<Done> digest_all(Context const& context, mysql::Endpoint const& endpoint,
                         DatabaseRecord const& record, std::vector<RangePlace> const& places,
                         TakeDigest const& take) {
    Sessions sessions(endpoint);
    std::mutex mutex;
    return inventory::for_each_index(
        context, places.size(), [&](Context const& during, std::size_t index) -> Outcome<Done> {
            auto const& place = places[index];
            auto session = TRY(sessions.take(during));
            auto digest = mover::digest_range(during, session, *place.layout,
                                              key_range(record.tables[place.table], place.range));
            if (!digest.ok()) return digest.release_error().in_context(place.layout->name());
            sessions.give_back(std::move(session));
            std::lock_guard const lock(mutex);
            take(place, digest.release());
            return Done();
        });
}

Outcome<mysql::Schema> read_schema_of(Context const& context, mysql::Endpoint const& endpoint) {
    auto session = TRY(mysql::Connection::open(context, endpoint));
    return TRY(mysql::read_schema(context, session, endpoint.database));
}

std::string title_of(ObjectRecord const& object) {
    return fmt::format("{} {}", object.kind, object.name);
}

// The differences, and whether there are more than are told.
class Differences {
public:
    void add(std::string what) {
        if (all_.size() < limits::kTold) all_.push_back(std::move(what));
        ++count_;
    }
    [[nodiscard]] std::optional<Error> error(mysql::Endpoint const& endpoint) const {
        if (count_ == 0) return std::nullopt;
        auto told = fmt::format("{}", fmt::join(all_, "; "));
        if (count_ > all_.size()) told += fmt::format("; and {} more", count_ - all_.size());
        return Error(ErrorCode::DataLoss, fmt::format("{} does not hold what was backed up: {}",
                                                      endpoint.display(), told));
    }

private:
    std::vector<std::string> all_;
    std::size_t count_ = 0;
};

void compare_shape(mysql::Schema const& schema, DatabaseRecord const& record, DatabaseCheck& check,
                   Differences& differences) {
    std::set<std::string> expected;
    for (auto const& table : record.tables) {
        expected.insert(table.name);
        if (schema.find_table(table.name) == nullptr) {
            differences.add(fmt::format("table {} is missing", table.name));
        }
    }
    for (auto const& table : schema.tables) {
        if (!expected.contains(table.name)) {
            differences.add(fmt::format("table {} is not of the backup", table.name));
        }
    }
    std::set<std::string> there;
    for (auto const& object : schema.objects) {
        there.insert(fmt::format("{} {}", to_string(object.kind), object.name));
    }
    auto const view = to_string(mysql::ObjectKind::View);
    for (auto const& object : record.objects) {
        if (there.contains(title_of(object))) continue;
        if (object.kind == view) {
            differences.add(fmt::format("{} is missing", title_of(object)));
        } else {
            check.not_in_dump.push_back(title_of(object));
        }
    }
    check.tables = schema.tables.size();
}

// Is the count one that a range can have had which held the one and then the other? One that gains
// and loses rows in between may hold more or less; then the backup is taken again.
bool is_between(std::uint64_t rows, RangeRecord const& range) {
    auto const [least, most] = std::minmax(range.before.rows, range.after.rows);
    return rows >= least && rows <= most;
}

}  // namespace

Outcome<DatabaseRecord> measure_database(Context const& context, mysql::Endpoint const& endpoint) {
    auto session = TRY(mysql::Connection::open(context, endpoint));
    auto const schema = TRY(mysql::read_schema(context, session, endpoint.database));
    if (!schema.unsupported.empty()) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("{} has what a backup cannot prove to hold: {}",
                                 endpoint.display(), fmt::join(schema.unsupported, ", ")));
    }
    DatabaseRecord record{.database = schema.name,
                          .character_set = schema.character_set,
                          .collation = schema.collation,
                          .schema_hash = mysql::schema_hash(schema)};
    for (auto const& object : schema.objects) {
        record.objects.push_back({.kind = std::string(to_string(object.kind)),
                                  .name = object.name,
                                  .definer = object.definer,
                                  .sql_mode = object.sql_mode,
                                  .create_sql = object.create_sql});
    }
    auto const layouts = layouts_of(schema);
    for (auto const& [name, layout] : layouts) {
        auto const rows =
            std::max(limits::kRangeRows, layout.row_estimate() / limits::kRangesATable);
        TableRecord table{.name = name};
        for (auto& range : TRY(mover::cut_ranges(context, session, layout, rows))) {
            table.ranges.push_back({.upto = std::move(range.upto)});
        }
        record.tables.push_back(std::move(table));
    }
    TRY(digest_all(context, endpoint, record, places_of(record, layouts),
                   [&](RangePlace const& place, mover::RangeDigest digest) {
                       auto& range = record.tables[place.table].ranges[place.range];
                       range.before = digest;
                       range.after = std::move(digest);
                   }));
    return record;
}

Outcome<Done> measure_again(Context const& context, mysql::Endpoint const& endpoint,
                            DatabaseRecord& record) {
    auto const schema = TRY(read_schema_of(context, endpoint));
    if (mysql::schema_hash(schema) != record.schema_hash) {
        return Error(ErrorCode::Aborted,
                     fmt::format("tables of {} were made, changed or dropped while it was "
                                 "exported: take the backup again",
                                 endpoint.display()));
    }
    auto const layouts = layouts_of(schema);
    return digest_all(context, endpoint, record, places_of(record, layouts),
                      [&](RangePlace const& place, mover::RangeDigest digest) {
                          record.tables[place.table].ranges[place.range].after = std::move(digest);
                      });
}

Outcome<DatabaseCheck> check_database(Context const& context, mysql::Endpoint const& endpoint,
                                      DatabaseRecord const& record) {
    auto const schema = TRY(read_schema_of(context, endpoint));
    auto const layouts = layouts_of(schema);
    DatabaseCheck check;
    Differences differences;
    compare_shape(schema, record, check, differences);
    for (auto const& [name, layout] : layouts) {
        if (layout.has_float()) check.rounded_tables.push_back(name);
    }
    std::set<std::string> changed;
    TRY(digest_all(
        context, endpoint, record, places_of(record, layouts),
        [&](RangePlace const& place, mover::RangeDigest const& found) {
            auto const& table = record.tables[place.table];
            auto const& range = table.ranges[place.range];
            check.rows += found.rows;
            if (found == range.before || found == range.after) {
                check.compared_rows += found.rows;
                ++check.compared_ranges;
            } else if (!range.is_quiet() && is_between(found.rows, range)) {
                ++check.changed_meanwhile;
                changed.insert(table.name);
            } else {
                differences.add(fmt::format(
                    "table {}, range {} of {}: {} rows, which are not the {} that were there",
                    table.name, place.range + 1, table.ranges.size(), found.rows,
                    range.before.rows));
            }
        }));
    check.changed_tables.assign(changed.begin(), changed.end());
    if (auto error = differences.error(endpoint)) return *error;
    return check;
}

}  // namespace aipress::backup
