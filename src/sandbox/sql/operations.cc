#include "sandbox/sql/operations.h"

#include <algorithm>
#include <fmt/format.h>
#include <random>

#include "base/assert.h"
#include "base/log.h"
#include "sandbox/operation_fault.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kOperations = "sql_operations";  // by PROJECT/NAME
constexpr std::string_view kBusy = "sql_busy";              // by PROJECT/INSTANCE
constexpr unsigned kWorkers = 4;
constexpr std::size_t kScanned = 1000;

std::string new_name() {
    static thread_local std::mt19937_64 random{std::random_device{}()};
    auto const high = random();
    auto const low = random();
    return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                       high & 0xfff, low >> 48 & 0xfff, low & 0xffffffffffff);
}

json::object error_view(ApiError const& error) {
    return {{"kind", "sql#operationErrors"},
            {"errors",
             {{{"kind", "sql#operationError"},
               {"code", error.legacy_reason.empty() ? "UNKNOWN" : error.legacy_reason},
               {"message", error.message}}}}};
}

ApiError no_such_operation() {
    return {.code = ErrorCode::NotFound,
            .message = "The Cloud SQL instance operation does not exist.",
            .legacy_reason = "operationDoesNotExist"};
}

// Google's own, whatever the client's spelling of this server.
std::string link(std::string_view path) {
    return fmt::format("https://sqladmin.googleapis.com/sql/v1beta4/{}", path);
}

}  // namespace

Result<void> SqlOperations::begin() {
    TRY(store_.read([&](Transaction& transaction) -> Result<void> {
        std::string start;
        do {
            auto page = TRY(transaction.list(kOperations, "", start, kScanned));
            for (auto const& document : page.documents) {
                auto const& operation = document.body.as_object();
                if (operation.at("status") != "DONE") queue_.push_back(document.name);
            }
            start = std::move(page.next);
        } while (!start.empty());
        return {};
    }));
    for (unsigned i = 0; i < kWorkers; ++i) {
        workers_.emplace_back([this] {
            for (;;) {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return is_stopping_ || !queue_.empty(); });
                if (is_stopping_) return;
                auto const key = std::move(queue_.front());
                queue_.pop_front();
                lock.unlock();
                run(key);
            }
        });
    }
    return {};
}

void SqlOperations::stop() {
    {
        std::lock_guard const lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    workers_.clear();
}

Outcome<Reply> SqlOperations::start(Call const& call, Request request,
                                    std::function<Outcome<Done>(Transaction&)> const& change) {
    auto const name = new_name();
    auto const now = clock_.wall_now();
    auto const key = fmt::format("{}/{}", request.project, name);
    json::object operation{
        {"kind", "sql#operation"},
        {"name", name},
        {"operationType", request.type},
        {"status", "PENDING"},
        {"insertTime", timestamp(now)},
        {"user", call.principal},
        {"targetId", request.instance},
        {"targetProject", request.project},
        {"targetLink",
         link(fmt::format("projects/{}/instances/{}", request.project, request.instance))},
        {"selfLink", link(fmt::format("projects/{}/operations/{}", request.project, name))},
        {"arguments", std::move(request.arguments)},
        {"seen_done_ms", milliseconds_of(now) + take_slowness(call).count() +
                             (timing_ == OperationTiming::Instant ? 0 : request.takes.count())}};
    for (auto& member : request.shown) operation[member.key()] = std::move(member.value());
    TRY(write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(change(transaction));
        auto const busy = fmt::format("{}/{}", request.project, request.instance);
        if (TRY(is_busy(transaction, request.project, request.instance))) {
            return ApiError{.code = ErrorCode::Aborted,
                            .message =
                                "Operation failed because another operation was already in "
                                "progress. Try your request after the current operation is "
                                "complete.",
                            .http_status = 409,
                            .legacy_reason = "operationInProgress"};
        }
        if (is_to_fail(call)) return fail(call, key, operation);
        TRY(transaction.insert(kBusy, busy, json::object{{"operation", name}}));
        TRY(transaction.insert(kOperations, key, operation));
        return Done();
    }));
    {
        std::lock_guard const lock(mutex_);
        queue_.push_back(key);
    }
    changed_.notify_one();
    return reply(view(operation));
}

Outcome<bool> SqlOperations::is_busy(Transaction& transaction, std::string const& project,
                                     std::string const& instance) {
    return TRY(transaction.get(kBusy, fmt::format("{}/{}", project, instance))).has_value();
}

ApiError SqlOperations::fail(Call const& call, std::string const& key,
                             json::object const& operation) const {
    return fail_instead(
        call,
        [this, key, operation](Transaction& transaction, ApiError const& error) -> Outcome<Reply> {
            auto failed = operation;
            auto const time = timestamp(clock_.wall_now());
            failed["status"] = "DONE";
            failed["startTime"] = time;
            failed["endTime"] = time;
            failed["arguments"] = json::object();
            failed["error"] = error_view(error);
            TRY(transaction.insert(kOperations, key, failed));
            return reply(view(operation));
        });
}

void SqlOperations::run(std::string const& key) {
    json::object operation;
    auto begun = write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        auto found = TRY(transaction.get(kOperations, key));
        ASSERT(found.has_value());
        operation = found->body.as_object();
        found->body.as_object()["status"] = "RUNNING";
        found->body.as_object()["startTime"] = timestamp(clock_.wall_now());
        TRY(transaction.update(kOperations, key, std::nullopt, found->body));
        return Done();
    });
    if (!begun.ok()) {
        log::error("{}: {}", key, begun.release_error().message);
        return;
    }
    SqlJob const job{.project = text_field(operation, "targetProject"),
                     .instance = text_field(operation, "targetId"),
                     .type = text_field(operation, "operationType"),
                     .arguments = operation.at("arguments").as_object(),
                     .is_resumed = operation.at("status") == "RUNNING"};
    auto const work = work_.find(job.type);
    ASSERT(work != work_.end());
    auto const end = work->second(job);
    // Interrupted by stop(): it is as if a crash had come, and is carried on.
    if (end.error && end.error->code == ErrorCode::Cancelled) return;
    auto ended = write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        auto found = TRY(transaction.get(kOperations, key));
        auto& body = found->body.as_object();
        body["status"] = "DONE";
        body["endTime"] = timestamp(clock_.wall_now());
        body["arguments"] = json::object();
        if (end.error) body["error"] = error_view(*end.error);
        TRY(transaction.update(kOperations, key, std::nullopt, found->body));
        TRY(transaction.remove(kBusy, fmt::format("{}/{}", job.project, job.instance)));
        if (end.effect) TRY(end.effect(transaction));
        return Done();
    });
    if (!ended.ok()) log::error("{}: {}", key, ended.release_error().message);
}

json::value SqlOperations::view(json::object const& operation) const {
    json::object shown = operation;
    shown.erase("arguments");
    shown.erase("seen_done_ms");
    bool const is_seen_done = operation.at("seen_done_ms").to_number<std::int64_t>() <=
                              milliseconds_of(clock_.wall_now());
    if (operation.at("status") == "DONE" && !is_seen_done) {
        shown["status"] = "RUNNING";
        shown.erase("endTime");
        shown.erase("error");
    }
    return shown;
}

Outcome<Reply> SqlOperations::get(Call& call) {
    return read<Reply>(store_, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const found =
            TRY(transaction.get(kOperations, fmt::format("{}/{}", call.path_parameter("project"),
                                                         call.path_parameter("operation"))));
        if (!found) return no_such_operation();
        return reply(view(found->body.as_object()));
    });
}

// Newest first, as Google has them.
Outcome<Reply> SqlOperations::list(Call& call) {
    auto const most = TRY(call.page_size("maxResults", 100, 1000));
    auto const begin = TRY(page_start(call.query("pageToken")));
    auto const instance = call.query("instance");
    auto const prefix = call.path_parameter("project") + "/";
    std::vector<json::object> all;
    TRY(read<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        std::string start;
        do {
            auto page = TRY(transaction.list(kOperations, prefix, start, kScanned));
            for (auto const& document : page.documents) {
                auto const& operation = document.body.as_object();
                if (instance.empty() || text_field(operation, "targetId") == instance) {
                    all.push_back(operation);
                }
            }
            start = std::move(page.next);
        } while (!start.empty());
        return Done();
    }));
    auto const order = [](json::object const& operation) {
        return text_field(operation, "insertTime") + text_field(operation, "name");
    };
    std::sort(all.begin(), all.end(),
              [&](auto const& a, auto const& b) { return order(a) > order(b); });
    json::array items;
    std::string next;
    for (auto const& operation : all) {
        if (!begin.empty() && order(operation) > begin) continue;
        if (items.size() == most) {
            next = order(operation);
            break;
        }
        items.push_back(view(operation));
    }
    json::object result{{"kind", "sql#operationsList"}};
    if (!items.empty()) result["items"] = std::move(items);
    if (!next.empty()) result["nextPageToken"] = page_token(next);
    return reply(std::move(result));
}

void SqlOperations::serve(Methods& methods) {
    methods.serve("sql.operations.get", "", [this](Call& call) { return get(call); });
    methods.serve("sql.operations.list", "", [this](Call& call) { return list(call); });
}

}  // namespace aipress::sandbox
