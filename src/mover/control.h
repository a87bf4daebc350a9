// A running move is spoken to through a Unix socket beside its journal (FILE.sock): one JSON object
// a line each way. Requests: {"verb":"status"|"pause"|"resume"|"switch"|"rollback"|"finalize", …}.
// Answers: {"ok":true,"report":{…}} or {"ok":false,"code":"FAILED_PRECONDITION","message":"…"}.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/result.h"

namespace aipress::mover {

// Called on a thread of the server's, one request at a time a client, several clients at once; may
// block until the verb has its effect. `stop` is requested when the server shuts down.
using ControlHandler = std::function<Result<boost::json::object>(boost::json::object const& request,
                                                                 std::stop_token stop)>;

class ControlServer {
public:
    // Replaces a socket that a killed process left behind (the journal's lock proves that nobody
    // owns it). Paths longer than a socket address holds are handled. Mode 0600.
    [[nodiscard]] static Result<ControlServer> start(std::string const& socket_path,
                                                     ControlHandler handler);
    ControlServer(ControlServer&&) noexcept;
    ControlServer& operator=(ControlServer&&) noexcept;
    ~ControlServer();  // stops, joins, removes the socket

private:
    struct Impl;
    explicit ControlServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Errors: NotFound when no move is running there; the handler's own error otherwise.
[[nodiscard]] Result<boost::json::object> control_call(Context const& context,
                                                       std::string const& socket_path,
                                                       boost::json::object const& request);

}  // namespace aipress::mover
