#include "sandbox/run/run_operations.h"

#include <charconv>
#include <fmt/format.h>

#include "sandbox/resource_names.h"
#include "sandbox/run/changes.h"

namespace aipress::sandbox::run {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostListed = 100;
constexpr milliseconds kLookInterval{20};
constexpr milliseconds kLongestWait{120'000};

// "projects/NUMBER/…" is the same as "projects/ID/…".
Outcome<std::string> own_name(Transaction& transaction, Call const& call, std::string const& name) {
    auto const place = TRY(place_of(transaction, call, name));
    auto const operation = segment(name, 5);
    return fmt::format("{}/operations/{}", place.prefix(), operation);
}

Outcome<json::value> find_operation(Store const& store, Operations const& operations, Call& call) {
    return read<json::value>(store, [&](Transaction& transaction) -> Outcome<json::value> {
        auto const name = TRY(own_name(transaction, call, call.path_parameter("name")));
        return operations.get(transaction, name);
    });
}

// "1.5s"; as long as it may take when there is none.
milliseconds timeout_of(std::string const& text) {
    double seconds = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failure != std::errc() || seconds < 0) return kLongestWait;
    auto const wanted = milliseconds(static_cast<std::int64_t>(std::min(seconds, 1e6) * 1000));
    return std::min(wanted, kLongestWait);
}

Outcome<Reply> wait(Store const& store, Operations const& operations, Clock& clock, Call& call) {
    auto const deadline = Deadline::after(clock, timeout_of(text_field(call.fields(), "timeout")));
    while (true) {
        auto operation = TRY(find_operation(store, operations, call));
        if (operation.as_object().contains("done") || deadline.passed(clock)) {
            return reply(std::move(operation));
        }
        clock.sleep_for(kLookInterval, {});
    }
}

Outcome<Reply> list(Store const& store, Operations const& operations, Call& call) {
    auto const most = TRY(call.page_size("pageSize", kMostListed, kMostListed));
    auto const start = TRY(page_start(call.query("pageToken")));
    return read<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
        auto const place = TRY(place_of(transaction, call, call.path_parameter("name")));
        auto const prefix = place.prefix() + (place.region == "-" ? "" : "/operations/");
        auto page = TRY(operations.list(transaction, prefix, start, most));
        json::object result;
        if (!page.operations.empty()) result["operations"] = std::move(page.operations);
        if (!page.next.empty()) result["nextPageToken"] = page_token(page.next);
        return reply(std::move(result));
    });
}

}  // namespace

Outcome<Reply> start_operation(Operations const& operations, Transaction& transaction,
                               Call const& call, Place const& place, StartedOperation started) {
    auto const prefix = place.prefix() + "/operations/";
    auto metadata = with_type(std::move(started.metadata), started.type);
    auto const begun =
        started.error ? TRY(operations.start_failing(transaction, call, prefix, metadata,
                                                     *started.error, kDeployTime))
                      : TRY(operations.start(transaction, call, prefix, metadata,
                                             with_type(std::move(started.response), started.type),
                                             kDeployTime));
    return reply(
        json::object{{"name", begun.as_object().at("name")}, {"metadata", std::move(metadata)}});
}

void serve_operations(Methods& methods, Store& store, Operations const& operations, Clock& clock) {
    for (auto const* const version : {"v1", "v2"}) {
        auto const serve = [&](std::string_view verb, MethodHandler const& handler) {
            methods.serve(fmt::format("run.projects.locations.operations.{}", verb), version,
                          handler);
        };
        serve("get", [&](Call& call) -> Outcome<Reply> {
            return reply(TRY(find_operation(store, operations, call)));
        });
        serve("list", [&](Call& call) { return list(store, operations, call); });
        serve("wait", [&](Call& call) { return wait(store, operations, clock, call); });
        serve("delete", [&](Call& call) {
            return write<Reply>(store, [&](Transaction& transaction) -> Outcome<Reply> {
                auto const name = TRY(own_name(transaction, call, call.path_parameter("name")));
                TRY(Operations::remove(transaction, name));
                return reply(json::object());
            });
        });
    }
}

}  // namespace aipress::sandbox::run
