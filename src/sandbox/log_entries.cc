#include "sandbox/log_entries.h"

#include <fmt/format.h>
#include <map>

#include "sandbox/limits.h"
#include "sandbox/operations.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kEntries = "log_entries";  // by PROJECT_NUMBER/TIME/INSERT_ID/LOG
constexpr std::string_view kLogs = "logs";            // by name: how many entries each has
constexpr std::string_view kTotals = "log_totals";    // by project number
constexpr std::string_view kInsertIds = "log_insert_ids";
constexpr std::size_t kScanned = 1000;

// How many entries logs have won and lost.
using Changes = std::map<std::string, std::int64_t>;

Outcome<std::int64_t> add_to(Transaction& transaction, std::string_view collection,
                             std::string const& name, std::int64_t change) {
    auto const found = TRY(transaction.get(collection, name));
    auto const count =
        change + (found ? found->body.at("entries").to_number<std::int64_t>() : std::int64_t{0});
    json::value const body = json::object{{"entries", count}};
    if (count == 0) {
        if (found) TRY(transaction.remove(collection, name));
    } else if (found) {
        TRY(transaction.update(collection, name, found->version, body));
    } else {
        TRY(transaction.insert(collection, name, body));
    }
    return count;
}

// Returns how many entries the project has now.
Outcome<std::int64_t> apply(Transaction& transaction, Project const& project,
                            Changes const& changes) {
    std::int64_t sum = 0;
    for (auto const& [name, change] : changes) {
        if (change == 0) continue;
        TRY(add_to(transaction, kLogs, name, change));
        sum += change;
    }
    return add_to(transaction, kTotals, project.number, sum);
}

Outcome<Done> drop_oldest(Transaction& transaction, Project const& project, std::size_t count) {
    auto const page = TRY(transaction.list(kEntries, project.number + "/", "", count));
    Changes changes;
    for (auto const& entry : page.documents) {
        --changes[text_field(entry.body.as_object(), "logName")];
        TRY(transaction.remove(kEntries, entry.name));
    }
    TRY(apply(transaction, project, changes));
    return Done();
}

// What an entry lacks. Returns what it is kept as.
Outcome<std::string> complete(json::object& entry, Project const& project, Nanoseconds now,
                              std::string const& insert_id) {
    if (text_field(entry, "insertId").empty()) entry["insertId"] = insert_id;
    if (text_field(entry, "timestamp").empty()) entry["timestamp"] = format_timestamp(now);
    entry["receiveTimestamp"] = format_timestamp(now);
    auto const time = parse_timestamp(text_field(entry, "timestamp"));
    if (!time || *time < Nanoseconds(0)) {
        return invalid_body({{"timestamp", fmt::format("The timestamp {} is not after 1970.",
                                                       text_field(entry, "timestamp"))}});
    }
    auto const name = text_field(entry, "logName");
    return fmt::format("{}/{:020}/{}/{}", project.number, time->count(),
                       text_field(entry, "insertId"), name.substr(name.rfind('/') + 1));
}

}  // namespace

std::string log_name(Project const& project, std::string_view id) {
    std::string encoded;
    for (char const letter : id) {
        if (letter == '/') {
            encoded += "%2F";
        } else {
            encoded += letter;
        }
    }
    for (auto at = encoded.find("%2f"); at != encoded.npos; at = encoded.find("%2f")) {
        encoded[at + 2] = 'F';
    }
    return fmt::format("projects/{}/logs/{}", project.id, encoded);
}

Outcome<Done> append_log_entries(Transaction& transaction, Project const& project, WallTime now,
                                 std::vector<json::object> entries) {
    auto const batch = TRY(next_number(transaction, kInsertIds));
    Changes changes;
    std::size_t index = 0;
    for (auto& entry : entries) {
        auto const key = TRY(complete(entry, project, nanoseconds_of(now),
                                      fmt::format("{:010x}{:05x}", batch, index++)));
        if (TRY(transaction.get(kEntries, key))) continue;
        ++changes[text_field(entry, "logName")];
        TRY(transaction.insert(kEntries, key, entry));
    }
    auto const total = static_cast<std::size_t>(TRY(apply(transaction, project, changes)));
    if (total > limits::kLogEntriesOfProject) {
        TRY(drop_oldest(transaction, project, total - limits::kLogEntriesOfProject));
    }
    return Done();
}

Outcome<LogEntryPage> list_log_entries(Transaction& transaction, Project const& project,
                                       std::string_view start, std::size_t most) {
    auto const prefix = project.number + "/";
    auto page = TRY(
        transaction.list(kEntries, prefix, start.empty() ? "" : prefix + std::string(start), most));
    auto next = page.next.empty() ? "" : page.next.substr(prefix.size());
    return LogEntryPage{.entries = std::move(page.documents), .next = std::move(next)};
}

std::string_view sort_key(Document const& entry) {
    return std::string_view(entry.name).substr(entry.name.find('/') + 1);
}

Outcome<Page> list_logs(Transaction& transaction, Project const& project, std::string_view start,
                        std::size_t most) {
    return TRY(transaction.list(kLogs, log_name(project, ""), start, most));
}

Outcome<Done> delete_log(Transaction& transaction, Project const& project,
                         std::string const& name) {
    if (!TRY(transaction.get(kLogs, name))) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("Log {} does not exist", name)};
    }
    Changes changes;
    std::string start;
    do {
        auto page = TRY(list_log_entries(transaction, project, start, kScanned));
        for (auto const& entry : page.entries) {
            if (text_field(entry.body.as_object(), "logName") != name) continue;
            --changes[name];
            TRY(transaction.remove(kEntries, entry.name));
        }
        start = std::move(page.next);
    } while (!start.empty());
    TRY(apply(transaction, project, changes));
    return Done();
}

}  // namespace aipress::sandbox
