// The server. See README.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "http/certificates.h"
#include "http/limits.h"
#include "http/request.h"
#include "http/response.h"

namespace aipress::http {

// Called on one of the workers, from several at once; may block. What it throws is a bug.
using Handler = std::function<Response(Request const&, BodyReader&)>;

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any that is free
    // Another server's listening_socket(), instead of both; -1: none. It stays the caller's.
    int listening_socket = -1;
    // At least so many handlers run at a time. One that waits for its client (a body that dribbles,
    // an answer that nobody takes) does not count, up to limits::kWorkersMost.
    unsigned workers = limits::kWorkers;
    std::size_t connections = limits::kConnections;
    milliseconds header_time = limits::kHeaderTime;
    milliseconds idle_time = limits::kIdleTime;
    milliseconds piece_time = limits::kPieceTime;
};

// Thread safe. On one port: HTTP/1.1 with keep-alive and pipelining (answered in order), absolute
// form, CONNECT to any name (nothing leaves this server: what is inside is answered here), TLS from
// the first byte. A malformed request is answered with 400 in plain text and the connection closed.
class Server {
public:
    // The authority may be null: then there is no TLS. It and the handler outlive the server.
    // Errors: FailedPrecondition when the port is taken.
    [[nodiscard]] static Result<Server> start(ServerOptions options,
                                              CertificateAuthority const* authority,
                                              Handler handler);
    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    ~Server();  // stop(0)

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t connections() const;
    // While it is held, clients that connect after stop() wait for the next server on it. Errors:
    // Unavailable.
    [[nodiscard]] Result<FileDescriptor> listening_socket() const;

    // No new connections; idle ones are closed; requests in flight may take so long, then they are
    // cut. Returns when no handler runs any more.
    void stop(milliseconds grace);

private:
    struct Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::http
