// HAProxy's runtime API over its stats socket, in interactive mode
// (https://docs.haproxy.org/2.6/management.html#9.3). A connection speaks with one process of
// HAProxy from its beginning to its end: a restart in between breaks it, and is never overlooked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/file_descriptor.h"
#include "base/result.h"

namespace aipress::edge {

// Equal: the same process, which has all that was put into its maps.
struct ProcessIdentity {
    std::uint64_t pid = 0;
    std::uint64_t started_s = 0;  // Unix time

    bool operator==(ProcessIdentity const&) const = default;
};

struct ProcessInfo {
    ProcessIdentity identity = {};
    std::string version = {};
    std::uint64_t uptime_s = 0;
    bool is_stopping = false;  // it was replaced, and serves what it has to the end
};

struct MapEntry {
    std::string key = {};
    std::string value = {};

    bool operator==(MapEntry const&) const = default;
};

// What HAProxy printed. Pure. Errors: Internal for what is not understood.
[[nodiscard]] Result<ProcessInfo> parse_info(std::string_view text);
[[nodiscard]] Result<std::vector<MapEntry>> parse_map(std::string_view text);
// A key or a value that needs no quoting there: letters, digits and . - _ * : | / @ [ ], and not
// empty. Errors: InvalidArgument.
[[nodiscard]] Result<void> check_word(std::string_view word);

// Not thread safe. `map` is the map's file as HAProxy's configuration names it. Errors of all
// calls: Unavailable (no connection, or it broke: what was asked may have been done),
// DeadlineExceeded, Cancelled; behind these three the connection is over. NotFound for a map that
// is not there, PermissionDenied for a socket without `level admin`, Internal for an answer that is
// not known.
class HaproxyRuntime {
public:
    // "/run/haproxy/admin.sock", or "127.0.0.1:9999". Errors: also InvalidArgument.
    [[nodiscard]] static Result<HaproxyRuntime> connect(Context const& context,
                                                        std::string const& address);

    // One command, without its line end, and what is printed, without the empty line behind it.
    [[nodiscard]] Result<std::string> command(Context const& context, std::string_view text);
    [[nodiscard]] Result<ProcessInfo> info(Context const& context);

    // In the order of adding; a key may be there more than once.
    [[nodiscard]] Result<std::vector<MapEntry>> show_map(Context const& context,
                                                         std::string const& map);
    [[nodiscard]] Result<std::optional<std::string>> find(Context const& context,
                                                          std::string const& map,
                                                          std::string const& key);
    // Sets the entry, adds it when it is not there. Safe to repeat. HAProxy 2.6 walks the whole map
    // for it (5 to 17 ms of one thread in 50,000 entries, measured).
    Result<void> put(Context const& context, std::string const& map, MapEntry const& entry);
    // One that is not there is no error.
    Result<void> remove(Context const& context, std::string const& map, std::string const& key);
    // The whole map at once: no request sees a part of it (0.2 s for 50,000 entries, measured).
    // What failed before the end changed nothing. Errors: also Aborted when somebody else replaced
    // the map meanwhile.
    Result<void> replace(Context const& context, std::string const& map,
                         std::vector<MapEntry> const& entries);

private:
    explicit HaproxyRuntime(FileDescriptor socket) : socket_(std::move(socket)) {}
    // The answer must be empty.
    Result<void> order(Context const& context, std::string_view text);
    Result<void> fill(Context const& context, std::string const& map, std::string const& version,
                      std::vector<MapEntry> const& entries);
    Result<void> send(Context const& context, std::string_view bytes);
    [[nodiscard]] Result<std::string> receive(Context const& context);

    FileDescriptor socket_;
};

}  // namespace aipress::edge
