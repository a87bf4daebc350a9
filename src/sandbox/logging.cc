#include "sandbox/logging.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <deque>
#include <fmt/format.h>
#include <memory>
#include <regex>

#include "sandbox/limits.h"
#include "sandbox/log_entries.h"
#include "sandbox/log_filter.h"
#include "sandbox/resource_names.h"
#include "sandbox/timestamps.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 50;
constexpr std::size_t kPageMost = 1000;
constexpr std::size_t kScanned = 1000;
constexpr std::size_t kResourceNames = 100;

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument, .message = std::move(message)};
}

// The part after "projects/p/logs/". Errors: InvalidArgument.
Outcome<std::string> log_id_of(std::string_view name) {
    static std::regex const pattern("([-a-zA-Z0-9_./]|%2[fF])+");
    constexpr std::size_t kIdBytes = 511;
    auto const prefix = fmt::format("projects/{}/logs/", segment(name, 1));
    auto const id = std::string(without_prefix(name, prefix));
    if (!name.starts_with(prefix) || id.empty() || id.size() > kIdBytes ||
        !std::regex_match(id, pattern)) {
        return invalid(
            fmt::format("Invalid log name: {}: it must be projects/[PROJECT_ID]/logs/"
                        "[LOG_ID], with the log id URL-encoded",
                        name));
    }
    return id;
}

// An entry of a request, with what the request says for all of its entries.
Outcome<json::object> merged(json::object const& request, json::object entry) {
    for (auto const* const name : {"logName", "resource"}) {
        if (entry.contains(name)) continue;
        auto const* const common = request.if_contains(name);
        if (common == nullptr) return invalid(fmt::format("The entry has no {}.", name));
        entry[name] = *common;
    }
    if (text_field(entry.at("resource").as_object(), "type").empty()) {
        return invalid("The monitored resource has no type.");
    }
    if (auto const* const labels = request.if_contains("labels")) {
        auto own = entry.contains("labels") ? entry.at("labels").as_object() : json::object();
        for (auto const& [key, value] : labels->as_object()) own.emplace(key, value);
        entry["labels"] = std::move(own);
    }
    int payloads = 0;
    for (auto const* const name : {"textPayload", "jsonPayload", "protoPayload"}) {
        if (entry.contains(name)) ++payloads;
    }
    if (payloads > 1) return invalid("An entry has only one of its payloads.");
    auto const bytes = json::serialize(entry).size();
    if (bytes > limits::kLogEntryBytes) {
        return invalid(fmt::format("Log entry with size {} bytes exceeds maximum size of {} bytes",
                                   bytes, limits::kLogEntryBytes));
    }
    if (auto const time = text_field(entry, "timestamp");
        !time.empty() && parse_timestamp(time).value_or(Nanoseconds(-1)) < Nanoseconds(0)) {
        return invalid(fmt::format("The timestamp {} is not after 1970.", time));
    }
    if (text_field(entry, "severity") == "DEFAULT") entry.erase("severity");
    return entry;
}

struct Accepted {
    std::vector<json::object> entries = {};  // with their logName as the client wrote it
    json::object refused = {};               // by index: google.rpc.Status
    std::optional<ApiError> first_error = {};
};

Accepted check_entries(json::object const& request) {
    Accepted accepted;
    auto const* const entries = request.if_contains("entries");
    if (entries == nullptr) return accepted;
    std::size_t index = 0;
    for (auto const& entry : entries->as_array()) {
        auto const check = [&]() -> Outcome<json::object> {
            auto whole = TRY(merged(request, entry.as_object()));
            TRY(log_id_of(text_field(whole, "logName")));
            return whole;
        };
        auto checked = check();
        if (checked.ok()) {
            accepted.entries.push_back(checked.release());
        } else {
            auto error = checked.release_error();
            accepted.refused[fmt::format("{}", index)] =
                json::object{{"code", static_cast<int>(error.code)}, {"message", error.message}};
            if (!accepted.first_error) accepted.first_error = std::move(error);
        }
        ++index;
    }
    return accepted;
}

Outcome<Done> append(Transaction& transaction, WallTime now, std::vector<json::object> entries) {
    std::map<std::string, std::pair<Project, std::vector<json::object>>> by_project;
    for (auto& entry : entries) {
        auto const name = text_field(entry, "logName");
        auto project = TRY(find_active_project(transaction, segment(name, 1)));
        entry["logName"] = log_name(project, TRY(log_id_of(name)));
        auto& [owner, own_entries] = by_project[project.number];
        owner = std::move(project);
        own_entries.push_back(std::move(entry));
    }
    for (auto& [number, group] : by_project) {
        auto& [project, own_entries] = group;
        TRY(append_log_entries(transaction, project, now, std::move(own_entries)));
    }
    return Done();
}

bool is_true(json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value != nullptr && value->as_bool();
}

enum class Order { Ascending, Descending };

struct Query {
    std::vector<std::string> projects = {};
    LogFilter filter = {};
    Order order = Order::Ascending;
    std::size_t most = kPage;
    std::string start = {};  // the sort key of the first entry to come, and its project's number
};

Outcome<Query> parse_query(json::object const& fields) {
    Query query;
    for (auto const* const member : {"resourceNames", "projectIds"}) {
        auto const* const names = fields.if_contains(member);
        if (names == nullptr) continue;
        for (auto const& name : names->as_array()) query.projects.emplace_back(name.as_string());
    }
    if (query.projects.empty() || query.projects.size() > kResourceNames) {
        return invalid(fmt::format("resource_names must hold 1 to {} names.", kResourceNames));
    }
    for (auto const& name : query.projects) {
        if (!segment(without_prefix(name, "projects/"), 1).empty()) {
            return invalid(fmt::format("Only projects are served here, not {}.", name));
        }
    }
    query.filter = TRY(LogFilter::parse(text_field(fields, "filter")));
    auto const order = text_field(fields, "orderBy");
    if (order == "timestamp desc") {
        query.order = Order::Descending;
    } else if (!order.empty() && order != "timestamp asc" && order != "timestamp") {
        return invalid(
            fmt::format("Invalid order_by '{}': it must be \"timestamp asc\" or "
                        "\"timestamp desc\".",
                        order));
    }
    if (auto const* const size = fields.if_contains("pageSize")) {
        auto const wanted = size->to_number<std::int64_t>();
        if (wanted < 0) return invalid("page_size must not be negative.");
        if (wanted > 0) query.most = std::min(static_cast<std::size_t>(wanted), kPageMost);
    }
    query.start = TRY(page_start(text_field(fields, "pageToken")));
    return query;
}

struct Found {
    std::string position;  // orders entries of all projects
    json::object entry;
};

// The first entries of a project that the query is for, one more than a page holds.
Outcome<std::deque<Found>> search(Transaction& transaction, Project const& project,
                                  Query const& query) {
    std::deque<Found> found;
    bool const is_ascending = query.order == Order::Ascending;
    auto start = is_ascending ? query.start.substr(0, query.start.rfind('/')) : std::string();
    do {
        auto page = TRY(list_log_entries(transaction, project, start, kScanned));
        for (auto& document : page.entries) {
            auto position = fmt::format("{}/{}", sort_key(document), project.number);
            if (!query.start.empty()) {
                if (is_ascending && position < query.start) continue;
                if (!is_ascending && position > query.start) return found;
            }
            auto& entry = document.body.as_object();
            if (!query.filter.matches(entry)) continue;
            found.push_back({std::move(position), std::move(entry)});
            if (found.size() <= query.most + 1) continue;
            if (is_ascending) {
                found.pop_back();
                return found;
            }
            found.pop_front();  // the store knows one direction: the last ones are kept
        }
        start = std::move(page.next);
    } while (!start.empty());
    return found;
}

class Logging {
public:
    Logging(Store& store, Clock& clock) : store_(store), clock_(clock) {}

    Outcome<Reply> write_entries(Call& call);
    Outcome<Reply> list_entries(Call& call);
    Outcome<Reply> logs(Call& call);
    Outcome<Reply> remove(Call& call);

private:
    Store& store_;
    Clock& clock_;
};

Outcome<Reply> Logging::write_entries(Call& call) {
    auto const& fields = call.fields();
    auto accepted = check_entries(fields);
    bool const is_partial = is_true(fields, "partialSuccess");
    if (accepted.first_error && !is_partial) return std::move(*accepted.first_error);
    if (!is_true(fields, "dryRun")) {
        auto written = write<Done>(store_, [&](Transaction& transaction) {
            return append(transaction, clock_.wall_now(), accepted.entries);
        });
        if (!written.ok()) return written.release_error();
    }
    if (!accepted.first_error) return reply(json::object());
    // Those that were good are written all the same: google.logging.v2.WriteLogEntriesPartialErrors
    auto error = std::move(*accepted.first_error);
    error.details.push_back(json::object{
        {"@type", "type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors"},
        {"logEntryErrors", std::move(accepted.refused)}});
    return error;
}

Outcome<Reply> Logging::list_entries(Call& call) {
    auto const query = TRY(parse_query(call.fields()));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        std::vector<Found> found;
        for (auto const& name : query.projects) {
            auto const project = TRY(find_active_project(transaction, name));
            auto part = TRY(search(transaction, project, query));
            std::move(part.begin(), part.end(), std::back_inserter(found));
        }
        std::sort(found.begin(), found.end(), [&](Found const& left, Found const& right) {
            return query.order == Order::Ascending ? left.position < right.position
                                                   : left.position > right.position;
        });
        json::object result;
        if (found.size() > query.most) {
            result["nextPageToken"] = page_token(found[query.most].position);
            found.resize(query.most);
        }
        json::array entries;
        for (auto& one : found) entries.push_back(std::move(one.entry));
        if (!entries.empty()) result["entries"] = std::move(entries);
        return reply(std::move(result));
    });
}

Outcome<Reply> Logging::logs(Call& call) {
    auto const most = TRY(call.page_size("pageSize", kPage, kPageMost));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, call.path_parameter("parent")));
        auto const page = TRY(list_logs(transaction, project, start, most));
        json::array names;
        for (auto const& log : page.documents) names.emplace_back(log.name);
        json::object result;
        if (!names.empty()) result["logNames"] = std::move(names);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

Outcome<Reply> Logging::remove(Call& call) {
    auto const& name = call.path_parameter("logName");
    auto const id = TRY(log_id_of(name));
    return write<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const project = TRY(find_active_project(transaction, segment(name, 1)));
        TRY(delete_log(transaction, project, log_name(project, id)));
        return reply(json::object());
    });
}

}  // namespace

void serve_logging(Methods& methods, Store& store, Clock& clock) {
    auto const logging = std::make_shared<Logging>(store, clock);
    methods.serve("logging.entries.write", "v2",
                  [=](Call& call) { return logging->write_entries(call); });
    methods.serve("logging.entries.list", "v2",
                  [=](Call& call) { return logging->list_entries(call); });
    methods.serve("logging.projects.logs.list", "v2",
                  [=](Call& call) { return logging->logs(call); });
    methods.serve("logging.projects.logs.delete", "v2",
                  [=](Call& call) { return logging->remove(call); });
}

}  // namespace aipress::sandbox
