// The log entries of projects, as the store keeps them: Cloud Logging's own, and those that the
// sandbox itself has to tell.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sandbox/projects.h"

namespace aipress::sandbox {

// "projects/p/logs/run.googleapis.com%2Frequests". `id`: with a slash, or with "%2F" in its place.
[[nodiscard]] std::string log_name(Project const& project, std::string_view id);

// Each of `entries` is a LogEntry with its logName (see log_name) and resource; what it lacks of
// insertId, timestamp and receiveTimestamp is added. An entry that is there already (its log, time
// and insertId) is not added again. The oldest go when the project has more than
// limits::kLogEntriesOfProject. Errors: InvalidArgument for a timestamp that is none.
[[nodiscard]] Outcome<Done> append_log_entries(Transaction& transaction, Project const& project,
                                               WallTime now,
                                               std::vector<boost::json::object> entries);

struct LogEntryPage {
    std::vector<Document> entries;  // in the order of time, then of insertId
    std::string next;               // where the next page begins; empty: there is none
};
// `start`: a `next`, or the sort_key() of an entry; "" for the first.
[[nodiscard]] Outcome<LogEntryPage> list_log_entries(Transaction& transaction,
                                                     Project const& project, std::string_view start,
                                                     std::size_t most);
// What orders entries, of any project.
[[nodiscard]] std::string_view sort_key(Document const& entry);

// The names of the logs that have entries, in byte order.
[[nodiscard]] Outcome<Page> list_logs(Transaction& transaction, Project const& project,
                                      std::string_view start, std::size_t most);
// With all its entries. Errors: NotFound.
[[nodiscard]] Outcome<Done> delete_log(Transaction& transaction, Project const& project,
                                       std::string const& name);

}  // namespace aipress::sandbox
