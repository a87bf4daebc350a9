// One request as a handler sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "http/headers.h"
#include "http/target.h"

namespace aipress::http {

struct Request {
    std::string method;     // "GET"
    std::string scheme;     // "http" or "https": as the client speaks to the host it names
    std::string host;       // without its port, lower case
    std::string authority;  // with it, as the client wrote it
    std::string path;       // raw
    std::string query;      // raw
    Parameters parameters;
    Headers headers;
    std::string peer;                             // "127.0.0.1"
    std::optional<std::uint64_t> content_length;  // nullopt: chunked, or none

    // The first of that name.
    [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const {
        for (auto const& [key, value] : parameters) {
            if (key == name) return value;
        }
        return std::nullopt;
    }
};

// The request's body, read on the handler's own thread as fast as the handler asks for it. Not
// thread safe.
class BodyReader {
public:
    virtual ~BodyReader() = default;
    // Fills the buffer, but at the end of the body, and where it breaks off: what came before an
    // error is returned first. 0 at the end. Errors: Unavailable when the client is gone,
    // DeadlineExceeded when it is silent, InvalidArgument when its chunks are malformed.
    virtual Result<std::size_t> read(std::span<char> buffer) = 0;

    // All of it. Errors: as read(); ResourceExhausted past `most` bytes.
    Result<std::string> read_all(std::size_t most);
};

}  // namespace aipress::http
