// What a handler answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "http/headers.h"

namespace aipress::http {

// A piece of a file, read while it is sent. The file must not change meanwhile; its name may go.
struct FileRange {
    std::shared_ptr<FileDescriptor const> file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// A body that is made while it is sent, on the handler's thread: fills at most the buffer, 0 at the
// end. An error cuts the connection: the client must not take half a body for a whole one.
struct BodySource {
    std::function<Result<std::size_t>(std::span<char>)> read;
    std::optional<std::uint64_t> length;  // nullopt: sent in chunks
};

struct Response {
    int status = 200;
    Headers headers;  // without Content-Length, Transfer-Encoding, Connection, Date
    std::variant<std::string, FileRange, BodySource> body;
    // The connection is reset behind so many bytes of the body, or in front of the status line for
    // nullopt inside: for faults that are made on purpose.
    struct Cut {
        std::optional<std::uint64_t> after_body_bytes;
    };
    std::optional<Cut> cut;
};

// "Not Found"; "" for a number that has no name.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace aipress::http
