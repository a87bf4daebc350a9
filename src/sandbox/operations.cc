#include "sandbox/operations.h"

#include <fmt/format.h>

#include "sandbox/operation_fault.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kOperations = "operations";
constexpr std::string_view kChange = "operations/cp.";
constexpr std::string_view kCounters = "counters";
constexpr std::uint64_t kFirstOperation = 7'000'000'000'000'000'000;

ApiError no_operation(std::string_view name) {
    return {.code = ErrorCode::NotFound, .message = fmt::format("Operation [{}] not found.", name)};
}

json::object failed_operation(json::object metadata, ApiError const& error) {
    json::object shown{{"code", static_cast<int>(error.code)}, {"message", error.message}};
    if (!error.details.empty()) shown["details"] = error.details;
    return {{"metadata", std::move(metadata)}, {"error", std::move(shown)}};
}

std::string change_type(std::string_view metadata) {
    return fmt::format("type.googleapis.com/google.cloudresourcemanager.{}", metadata);
}

}  // namespace

Outcome<std::uint64_t> next_number(Transaction& transaction, std::string_view counter) {
    auto const last = TRY(transaction.get(kCounters, counter));
    std::uint64_t const next =
        last ? last->body.as_object().at("last").to_number<std::uint64_t>() + 1 : 1;
    json::value const body = json::object{{"last", next}};
    if (last) {
        TRY(transaction.update(kCounters, counter, std::nullopt, body));
    } else {
        TRY(transaction.insert(kCounters, counter, body));
    }
    return next;
}

Outcome<json::value> Operations::store(Transaction& transaction, std::string_view prefix,
                                       json::object operation, WallTime done) const {
    auto const number = kFirstOperation + TRY(next_number(transaction, kOperations));
    auto const name = fmt::format("{}{}", prefix, number);
    operation["done_ms"] = milliseconds_of(done);
    TRY(transaction.insert(kOperations, name, operation));
    return json::value(json::object{{"name", name}});
}

Outcome<json::value> Operations::start(Transaction& transaction, Call const& call,
                                       std::string_view prefix, json::object metadata,
                                       json::object response, milliseconds takes) const {
    if (is_to_fail(call)) {
        auto const done = done_at(takes);
        return fail_instead(call,
                            [this, done, prefix = std::string(prefix), metadata](
                                Transaction& own, ApiError const& error) -> Outcome<Reply> {
                                auto failed = failed_operation(metadata, error);
                                return reply(TRY(store(own, prefix, std::move(failed), done)));
                            });
    }
    return store(transaction, prefix,
                 {{"metadata", std::move(metadata)}, {"response", std::move(response)}},
                 done_at(takes) + take_slowness(call));
}

Outcome<json::value> Operations::start_failing(Transaction& transaction, Call const& call,
                                               std::string_view prefix, json::object metadata,
                                               ApiError const& error, milliseconds takes) const {
    return store(transaction, prefix, failed_operation(std::move(metadata), error),
                 done_at(takes) + take_slowness(call));
}

json::value Operations::view(Document& document) const {
    auto& stored = document.body.as_object();
    json::object operation{{"name", document.name}, {"metadata", std::move(stored.at("metadata"))}};
    if (stored.at("done_ms").to_number<std::int64_t>() > milliseconds_of(clock_.wall_now())) {
        return operation;
    }
    operation["done"] = true;
    for (auto const* const outcome : {"response", "error"}) {
        if (auto* const value = stored.if_contains(outcome)) operation[outcome] = std::move(*value);
    }
    return operation;
}

Outcome<json::value> Operations::get(Transaction& transaction, std::string const& name) const {
    auto found = TRY(transaction.get(kOperations, name));
    if (!found) return no_operation(name);
    return view(*found);
}

Outcome<Operations::List> Operations::list(Transaction& transaction, std::string const& prefix,
                                           std::string const& start, std::size_t most) const {
    auto page = TRY(transaction.list(kOperations, prefix, start, most));
    List list{.next = std::move(page.next)};
    for (auto& document : page.documents) list.operations.push_back(view(document));
    return list;
}

Outcome<Done> Operations::remove(Transaction& transaction, std::string const& name) {
    if (!TRY(transaction.get(kOperations, name))) return no_operation(name);
    TRY(transaction.remove(kOperations, name));
    return Done();
}

json::object with_type(json::value resource, std::string_view type) {
    json::object typed{{"@type", fmt::format("type.googleapis.com/{}", type)}};
    for (auto& field : resource.as_object()) typed[field.key()] = std::move(field.value());
    return typed;
}

Outcome<Reply> start_change(Operations const& operations, Transaction& transaction,
                            Call const& call, std::string_view metadata, json::object response,
                            milliseconds takes) {
    json::object told{{"@type", change_type(metadata)}};
    // Of a project it says too what can be done with it already: all, here.
    if (metadata == "v1.ProjectCreationStatus" || metadata == "v3.CreateProjectMetadata") {
        told["gettable"] = true;
        told["ready"] = true;
    }
    return reply(TRY(
        operations.start(transaction, call, kChange, std::move(told), std::move(response), takes)));
}

Outcome<Reply> start_failing_change(Operations const& operations, Transaction& transaction,
                                    Call const& call, std::string_view metadata,
                                    ApiError const& error, milliseconds takes) {
    return reply(TRY(operations.start_failing(transaction, call, kChange,
                                              {{"@type", change_type(metadata)}}, error, takes)));
}

}  // namespace aipress::sandbox
