// Google's REST calls, as one worker makes them: over one kept connection, tried again when the
// connection breaks or the server asks to. Every call that is made here may be made twice: what a
// lost answer has made already is found to be there.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"
#include "http/client.h"

namespace aipress::poc {

// Where a running sandbox listens.
struct Ports {
    std::uint16_t apis = 0;
    std::uint16_t sites = 0;  // 0: none is served
};

enum class Made { Now, Before };

// Not thread safe. The paths begin with the API's host: "sqladmin.googleapis.com/v1/…".
class Google {
public:
    Google(Context context, Ports ports) : context_(std::move(context)), ports_(ports) {}

    // Errors: what Google says, in the code of its status.
    [[nodiscard]] Result<boost::json::value> get(std::string_view path);
    // nullopt: 404.
    [[nodiscard]] Result<std::optional<boost::json::value>> find(std::string_view path);
    // The answer. Errors: also AlreadyExists.
    [[nodiscard]] Result<boost::json::value> post(std::string_view path,
                                                  boost::json::value const& body);
    Result<boost::json::value> put(std::string_view path, boost::json::value const& body);
    // That it was there already is no error.
    [[nodiscard]] Result<Made> make(std::string_view path, boost::json::value const& body);
    // The same for an object of Cloud Storage that nobody has written yet.
    [[nodiscard]] Result<Made> upload(std::string_view bucket, std::string_view name,
                                      std::string_view type, std::string bytes);
    Result<void> remove(std::string_view path);

    // Waits until the operation, asked for at `path`, says `"done": true`, or `"status": "DONE"` or
    // "done". Errors: the operation's own.
    [[nodiscard]] Result<boost::json::value> wait(std::string_view path);

    // A request to a site. A redirect is not followed.
    [[nodiscard]] Result<http::ClientResponse> visit(std::string const& host,
                                                     http::ClientRequest request);

    [[nodiscard]] Context const& context() const { return context_; }
    [[nodiscard]] std::uint64_t requests() const { return requests_; }

private:
    struct Sent {
        std::string_view method;
        std::string_view path;
        std::string_view type = {};
        std::string body = {};
    };
    [[nodiscard]] Result<http::ClientResponse> send(Sent sent);
    [[nodiscard]] Result<boost::json::value> call(Sent sent);

    Context const context_;
    Ports const ports_;
    http::Client apis_;
    http::Client sites_;
    std::uint64_t requests_ = 0;
};

// A member of an answer, by its JSON pointer; "" when it is not there.
[[nodiscard]] std::string text_at(boost::json::value const& value, std::string_view pointer);

}  // namespace aipress::poc
