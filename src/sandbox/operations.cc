#include "sandbox/operations.h"

#include <fmt/format.h>

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view kOperations = "operations";
constexpr std::string_view kCounters = "counters";
constexpr std::uint64_t kFirstOperation = 7'000'000'000'000'000'000;

std::int64_t milliseconds_of(WallTime time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
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

Outcome<json::value> Operations::start(Transaction& transaction, std::string_view prefix,
                                       json::object metadata, json::object response,
                                       milliseconds takes) const {
    auto const number = kFirstOperation + TRY(next_number(transaction, kOperations));
    auto const name = fmt::format("{}{}", prefix, number);
    auto const done = done_at(takes);
    TRY(transaction.insert(kOperations, name,
                           json::object{{"done_ms", milliseconds_of(done)},
                                        {"metadata", std::move(metadata)},
                                        {"response", std::move(response)}}));
    return json::value(json::object{{"name", name}});
}

Outcome<json::value> Operations::get(Transaction& transaction, std::string const& name) const {
    auto found = TRY(transaction.get(kOperations, name));
    if (!found) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("Operation [{}] not found.", name)};
    }
    auto& stored = found->body.as_object();
    json::object operation{{"name", name}, {"metadata", std::move(stored.at("metadata"))}};
    if (stored.at("done_ms").to_number<std::int64_t>() <= milliseconds_of(clock_.wall_now())) {
        operation["done"] = true;
        operation["response"] = std::move(stored.at("response"));
    }
    return json::value(std::move(operation));
}

json::object with_type(json::value resource, std::string_view type) {
    json::object typed{{"@type", fmt::format("type.googleapis.com/{}", type)}};
    for (auto& field : resource.as_object()) typed[field.key()] = std::move(field.value());
    return typed;
}

Outcome<Reply> start_change(Operations const& operations, Transaction& transaction,
                            std::string_view metadata, json::object response, milliseconds takes) {
    auto const type = fmt::format("type.googleapis.com/google.cloudresourcemanager.{}", metadata);
    return reply(TRY(operations.start(transaction, "operations/cp.", {{"@type", type}},
                                      std::move(response), takes)));
}

}  // namespace aipress::sandbox
