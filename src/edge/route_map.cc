#include "edge/route_map.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>

namespace aipress::edge {
namespace {

// A command costs a walk through the map, a transaction all of its entries: 25 commands are as dear
// as one transaction. In a small map both are cheap, and one instant is better.
constexpr std::size_t kMostCommands = 25;
constexpr std::size_t kSmallMap = 1'000;

using Means = Acknowledgement::Means;

MapEntry version_entry(std::uint64_t version) {
    return {.key = std::string(kVersionKey), .value = std::to_string(version)};
}

bool by_commands(RouteTable const& has, Difference const& changes) {
    if (changes.size() <= 1) return true;
    return changes.size() <= kMostCommands && has.routes.size() > kSmallMap;
}

// Cheaper than a copy of all.
void patch(RouteTable& table, Difference const& changes, std::uint64_t version) {
    for (auto const& [key, value] : changes.put) table.routes[key] = value;
    for (auto const& key : changes.removed) table.routes.erase(key);
    table.version = version;
}

std::vector<MapEntry> entries_of(RouteTable const& table) {
    std::vector<MapEntry> entries;
    entries.reserve(table.routes.size() + 1);
    for (auto const& [key, value] : table.routes) entries.push_back({key, value});
    entries.push_back(version_entry(table.version));
    return entries;
}

Error cannot_write(std::filesystem::path const& file) {
    return Error(ErrorCode::Unavailable,
                 fmt::format("writing {}: {}", file.string(), std::strerror(errno)))
        .with_native_code(static_cast<unsigned>(errno));
}

Result<void> write_durably(std::filesystem::path const& file, std::string_view text) {
    FileDescriptor const out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!out.valid()) return cannot_write(file);
    while (!text.empty()) {
        auto const written = ::write(out.get(), text.data(), text.size());
        if (written < 0 && errno != EINTR) return cannot_write(file);
        if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(out.get()) != 0) return cannot_write(file);
    return {};
}

}  // namespace

Result<void> RouteMap::look(Context const& context, HaproxyRuntime& runtime) {
    auto const process = TRY(runtime.info(context)).identity;
    if (known_ && known_->process == process) {
        // Somebody else may have fed it meanwhile.
        auto const version = TRY(runtime.find(context, address_.map, std::string(kVersionKey)));
        if (version == std::to_string(known_->table.version)) return {};
    }
    known_.reset();
    Known known{.process = process, .table = {}};
    auto const entries = TRY(runtime.show_map(context, address_.map));
    for (auto const& entry : entries) {
        if (entry.key == kVersionKey) {
            auto const* const begin = entry.value.data();
            std::from_chars(begin, begin + entry.value.size(), known.table.version);
            continue;
        }
        bool const is_new =
            parse_entry(entry).ok() && known.table.routes.emplace(entry.key, entry.value).second;
        if (!is_new) known.is_clean = false;
    }
    known_ = std::move(known);
    return {};
}

Result<RouteTable> RouteMap::read(Context const& context) {
    known_.reset();
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    TRY(look(context, runtime));
    return known_->table;
}

// The version is last: a router never says more than it has.
Result<void> RouteMap::change(Context const& context, HaproxyRuntime& runtime,
                              Difference const& changes, std::uint64_t version) {
    for (auto const& entry : changes.put) TRY(runtime.put(context, address_.map, entry));
    for (auto const& key : changes.removed) TRY(runtime.remove(context, address_.map, key));
    return runtime.put(context, address_.map, version_entry(version));
}

Result<Acknowledgement> RouteMap::apply(Context const& context, RouteTable const& wanted) {
    auto runtime = TRY(HaproxyRuntime::connect(context, address_.socket));
    TRY(look(context, runtime));
    auto const& has = known_->table;
    if (has.version > wanted.version) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the router has version {} of the routes, {} is older",
                                 has.version, wanted.version));
    }
    auto const changes = difference(has, wanted);
    Acknowledgement done{.version = wanted.version,
                         .routes = wanted.routes.size(),
                         .changes = changes.size(),
                         .process = known_->process};
    if (known_->is_clean && changes.size() == 0 && has.version == wanted.version) return done;
    done.means =
        known_->is_clean && by_commands(has, changes) ? Means::Commands : Means::Transaction;
    // Until the end is reached nobody knows what it has.
    auto table = std::move(known_->table);
    known_.reset();
    TRY(done.means == Means::Commands ? change(context, runtime, changes, wanted.version)
                                      : runtime.replace(context, address_.map, entries_of(wanted)));
    patch(table, changes, wanted.version);
    known_ = Known{.process = done.process, .table = std::move(table)};
    return done;
}

Result<void> write_map_file(std::filesystem::path const& file, RouteTable const& table) {
    auto beside = file;
    beside += ".new";
    std::string text;
    auto const entries = entries_of(table);
    for (auto const& entry : entries) text += fmt::format("{} {}\n", entry.key, entry.value);
    TRY(write_durably(beside, text));
    if (std::rename(beside.c_str(), file.c_str()) != 0) return cannot_write(file);
    return {};
}

}  // namespace aipress::edge
