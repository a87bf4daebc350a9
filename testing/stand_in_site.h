// What answers like a small WordPress: for tests of who looks at sites, at moments that a real one
// does not have on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "http/server.h"

namespace aipress::testing {

// Thread safe, but for what `look` is changed to while requests are under way. Throws when it
// cannot be started.
class StandInSite {
public:
    struct Look {
        std::string title = "Ada's shop";
        std::string home = {};  // "": the host that it is asked by, over HTTP
        std::string theme = "twentytwentythree";
        std::uint64_t posts = 7;
        std::uint64_t comments = 3;
        std::string media = "\x89PNG picture";
        std::string user = "admin";
        std::string password = "correct horse";
        std::string salt = "salt";  // what sessions are good for
        enum class Permalinks { Pretty, Plain } permalinks = Permalinks::Pretty;
        enum class Api { Open, Hidden } api = Api::Open;
    };
    // Instead of the site's own answer; nullopt: that.
    using Fault = std::function<std::optional<http::Response>(http::Request const&)>;

    StandInSite();

    void change(std::function<void(Look&)> const& how);
    void set_fault(Fault fault);  // {}: none
    void stop() { server_->stop(milliseconds(0)); }

    [[nodiscard]] std::string address() const;  // "127.0.0.1:4711"
    [[nodiscard]] std::uint64_t requests() const;

    // As WordPress answers without a database.
    [[nodiscard]] static http::Response no_database(int status = 500);

private:
    http::Response answer(http::Request const& request, http::BodyReader& body);

    mutable std::mutex mutex_;  // of what follows
    Look look_;
    Fault fault_;
    std::uint64_t requests_ = 0;
    std::optional<http::Server> server_;
};

}  // namespace aipress::testing
