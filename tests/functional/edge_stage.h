// The edge with sites behind it and visitors before it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "http/server.h"
#include "testing/haproxy_process.h"
#include "testing/http_client.h"

namespace aipress::functional {

// Answers every GET with its name, the host that it was asked by behind it, and a POST with the
// number of bytes that came. Thread safe.
class NamedSite {
public:
    // The authority may be null: then it takes plain HTTP only.
    explicit NamedSite(std::string name, http::CertificateAuthority const* authority = nullptr);

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    // Each answer takes so long.
    void take(milliseconds time) { answer_time_ = time; }
    // Requests that begin from now on are counted as out of place.
    void close() { is_closed_ = true; }
    void open() { is_closed_ = false; }
    [[nodiscard]] unsigned out_of_place() const { return out_of_place_; }

private:
    http::Response answer(http::Request const& request, http::BodyReader& body);

    std::string name_;
    std::atomic<milliseconds> answer_time_{milliseconds(0)};
    std::atomic<bool> is_closed_ = false;
    std::atomic<unsigned> out_of_place_ = 0;
    std::optional<http::Server> server_;
};

// Speaks websocket with one visitor: what it is sent comes back, until the visitor ends. Its own
// end waits for that. Throws when it cannot be started.
class EchoSite {
public:
    EchoSite();

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void serve();

    FileDescriptor listener_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

struct VisitCount {
    unsigned answered = 0;
    unsigned failed = 0;  // no answer, or another status than 200
    std::string first_failure = {};
    std::map<std::string, unsigned> by_site = {};
};

// Some that ask for one host, each over a kept connection, one request after another. A connection
// that breaks is a failure: nothing is sent twice.
class Visitors {
public:
    Visitors(std::uint16_t port, std::string host, unsigned number);
    ~Visitors() { static_cast<void>(leave()); }
    Visitors(Visitors const&) = delete;
    Visitors& operator=(Visitors const&) = delete;

    [[nodiscard]] unsigned answered() const;
    // Returns when so many more were answered, or none came for a long time.
    void wait_for_answers(unsigned more) const;
    // Ends them, each behind its answer.
    VisitCount leave();

private:
    void visit(std::stop_token stop);

    std::uint16_t port_;
    std::string host_;
    mutable std::mutex mutex_;  // of count_
    VisitCount count_;
    std::vector<std::jthread> threads_;
};

// One visit, on a connection of its own.
[[nodiscard]] testing::HttpAnswer visit_once(std::uint16_t port, std::string const& host);

}  // namespace aipress::functional
