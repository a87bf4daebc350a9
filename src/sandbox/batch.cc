#include "sandbox/batch.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <vector>

#include "sandbox/limits.h"
#include "sandbox/outcome.h"
#include "sandbox/storage/multipart.h"

namespace aipress::sandbox {
namespace {

constexpr std::string_view kBoundary = "batch_of_the_sandbox";

class TextReader final : public http::BodyReader {
public:
    explicit TextReader(std::string_view text) : rest_(text) {}
    Result<std::size_t> read(std::span<char> buffer) override {
        auto const count = std::min(buffer.size(), rest_.size());
        std::memcpy(buffer.data(), rest_.data(), count);
        rest_.remove_prefix(count);
        return count;
    }

private:
    std::string_view rest_;
};

std::string_view next_line(std::string_view& rest) {
    auto const end = std::min(rest.find('\n'), rest.size());
    auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// Up to and with the empty line.
http::Headers read_headers(std::string_view& rest) {
    http::Headers headers;
    for (auto line = next_line(rest); !line.empty(); line = next_line(rest)) {
        auto const colon = line.find(':');
        if (colon == line.npos) continue;
        auto const value = line.find_first_not_of(" \t", colon + 1);
        headers.add(std::string(line.substr(0, colon)),
                    value == line.npos ? "" : std::string(line.substr(value)));
    }
    return headers;
}

// What is between the boundaries, without the line ends that belong to those.
std::vector<std::string_view> parts_of(std::string_view text, std::string const& boundary) {
    auto const delimiter = "--" + boundary;
    std::vector<std::string_view> parts;
    auto at = text.find(delimiter);
    while (at != text.npos && parts.size() <= limits::kBatchParts) {
        at += delimiter.size();
        if (text.substr(at).starts_with("--")) break;
        auto const next = text.find(delimiter, at);
        auto part = text.substr(at, next == text.npos ? text.npos : next - at);
        next_line(part);
        if (part.ends_with('\n')) part.remove_suffix(1);
        if (part.ends_with('\r')) part.remove_suffix(1);
        parts.push_back(part);
        at = next;
    }
    return parts;
}

// The request that a part holds; `rest` is its body afterwards.
std::optional<http::Request> read_request(http::Request const& whole, std::string_view& rest) {
    auto const line = next_line(rest);
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    if (first == line.npos || last <= first) return std::nullopt;
    auto target = http::parse_target(line.substr(first + 1, last - first - 1));
    if (!target.ok()) return std::nullopt;
    http::Request request = whole;
    request.method = line.substr(0, first);
    request.path = target->path;
    request.query = target->query;
    request.parameters = http::parse_query(target->query);
    if (!target->host.empty()) request.host = request.authority = target->host;
    request.headers = read_headers(rest);
    request.headers.remove("Accept-Encoding");  // the whole is compressed, not its parts
    if (auto const credentials = whole.headers.find("Authorization");
        credentials && !request.headers.find("Authorization")) {
        request.headers.add("Authorization", std::string(*credentials));
    }
    std::size_t length = rest.size();
    if (auto const given = request.headers.find("Content-Length")) {
        std::from_chars(given->data(), given->data() + given->size(), length);
    }
    rest = rest.substr(0, length);
    request.content_length = rest.size();
    return request;
}

ApiError malformed(std::string message) {
    return {.code = ErrorCode::InvalidArgument,
            .message = std::move(message),
            .legacy_reason = "badRequest"};
}

http::Response answer_part(http::Request const& whole, std::string_view& rest,
                           Handle const& handle) {
    auto const request = read_request(whole, rest);
    if (!request) {
        return malformed("Failed to parse batch request, a part is no HTTP request.")
            .response(ErrorStyle::Legacy);
    }
    // One deep: a batch in a batch would have no end.
    if (is_batch(*request)) {
        return malformed("A batch cannot hold a batch.").response(ErrorStyle::Legacy);
    }
    TextReader reader(rest);
    return handle(*request, reader);
}

std::string part_text(http::Response const& response, std::string_view content_id) {
    auto const* const body = std::get_if<std::string>(&response.body);
    auto text = fmt::format("--{}\r\nContent-Type: application/http\r\n", kBoundary);
    if (content_id.starts_with('<')) {
        text += fmt::format("Content-ID: <response-{}\r\n", content_id.substr(1));
    }
    text += fmt::format("\r\nHTTP/1.1 {} {}\r\n", response.status,
                        http::reason_phrase(response.status));
    for (auto const& [name, value] : response.headers.fields()) {
        text += fmt::format("{}: {}\r\n", name, value);
    }
    auto const length = body == nullptr ? 0 : body->size();
    text += fmt::format("Content-Length: {}\r\n\r\n{}\r\n", length, body == nullptr ? "" : *body);
    return text;
}

}  // namespace

bool is_batch(http::Request const& request) {
    return request.method == "POST" &&
           (request.path == "/batch" || request.path.starts_with("/batch/"));
}

http::Response answer_batch(http::Request const& request, http::BodyReader& body,
                            Handle const& handle) {
    auto boundary = boundary_of(request.headers.find("Content-Type").value_or(""));
    if (!boundary.ok()) return boundary.release_error().response(ErrorStyle::Legacy);
    auto text = body.read_all(limits::kContentBytes);
    if (!text.ok()) {
        return malformed("Failed to read the batch request.").response(ErrorStyle::Legacy);
    }
    auto const parts = parts_of(*text, boundary.release());
    if (parts.empty() || parts.size() > limits::kBatchParts) {
        return malformed(fmt::format("A batch holds 1 to {} requests.", limits::kBatchParts))
            .response(ErrorStyle::Legacy);
    }
    http::Response response;
    response.headers.add("Content-Type", fmt::format("multipart/mixed; boundary={}", kBoundary));
    std::string answers;
    for (auto part : parts) {
        auto const headers = read_headers(part);
        auto const answer = answer_part(request, part, handle);
        if (answer.cut) response.cut.emplace();  // the whole is lost with a part of it
        answers += part_text(answer, headers.find("Content-ID").value_or(""));
    }
    response.body = answers + fmt::format("--{}--\r\n", kBoundary);
    return response;
}

}  // namespace aipress::sandbox
