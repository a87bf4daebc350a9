#include "sandbox/storage/multipart.h"

#include <vector>

#include "http/headers.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

constexpr std::size_t kPiece = 256u << 10;
constexpr std::size_t kHeaderBytes = 16u << 10;

ApiError malformed(std::string_view why) {
    return {.code = ErrorCode::InvalidArgument,
            .message = "Malformed multipart body: " + std::string(why) + ".",
            .legacy_reason = "badContent"};
}

// The body as a window that grows at its end and is consumed at its front.
class Window {
public:
    explicit Window(http::BodyReader& body) : body_(body), buffer_(kPiece) {}

    [[nodiscard]] std::string_view text() const { return text_; }
    void consume(std::size_t bytes) { text_.erase(0, bytes); }
    // False at the end of the body.
    Result<bool> grow() {
        auto const count = TRY(body_.read(buffer_));
        text_.append(buffer_.data(), count);
        return count > 0;
    }
    // Of the last line: the body keeps to one kind, and bytes may end with either.
    [[nodiscard]] std::string_view line_end() const { return line_end_; }
    // Consumes a line with its end. Errors: at the end of the body, or when it is too long.
    Outcome<std::string> line() {
        while (true) {
            if (auto const end = text_.find('\n'); end != text_.npos) {
                auto line = text_.substr(0, end);
                consume(end + 1);
                line_end_ = line.ends_with('\r') ? "\r\n" : "\n";
                if (line.ends_with('\r')) line.pop_back();
                return line;
            }
            if (text_.size() > kHeaderBytes) return malformed("a header is too long");
            if (!TRY(grow())) return malformed("it ends too early");
        }
    }

private:
    http::BodyReader& body_;
    std::vector<char> buffer_;
    std::string text_;
    std::string_view line_end_;
};

// Hands on all up to the delimiter, and consumes it.
Outcome<Done> read_until(Window& window, std::string const& delimiter,
                         std::function<Result<void>(std::string_view)> const& piece) {
    while (true) {
        auto const text = window.text();
        auto const at = text.find(delimiter);
        if (at != text.npos) {
            TRY(piece(text.substr(0, at)));
            window.consume(at + delimiter.size());
            return Done();
        }
        auto const kept = delimiter.size();
        if (text.size() > kept) {
            TRY(piece(text.substr(0, text.size() - kept)));
            window.consume(text.size() - kept);
        }
        if (!TRY(window.grow())) return malformed("its last boundary is missing");
    }
}

// A part's headers; returns its Content-Type.
Outcome<std::string> read_headers(Window& window) {
    constexpr std::string_view kType = "content-type";
    std::string type;
    while (true) {
        auto const line = TRY(window.line());
        if (line.empty()) return type;
        auto const colon = line.find(':');
        if (colon == line.npos) return malformed("a header lacks its colon");
        if (!http::equal_ignoring_case(std::string_view(line).substr(0, colon), kType)) continue;
        auto const begin = line.find_first_not_of(' ', colon + 1);
        type = begin == line.npos ? "" : line.substr(begin);
    }
}

}  // namespace

Outcome<std::string> boundary_of(std::string_view content_type) {
    constexpr std::string_view kName = "boundary=";
    auto const at = content_type.find(kName);
    if (!content_type.starts_with("multipart/") || at == content_type.npos) {
        return malformed("Content-Type must be multipart/related with a boundary");
    }
    auto value = content_type.substr(at + kName.size());
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
        auto const end = value.find(value.front(), 1);
        if (end == value.npos) return malformed("the boundary's quotes do not end");
        value = value.substr(1, end - 1);
    } else {
        value = value.substr(0, value.find_first_of("; "));
    }
    if (value.empty()) return malformed("the boundary is empty");
    return std::string(value);
}

Outcome<RelatedPart> read_related(http::BodyReader& body, std::string_view boundary,
                                  std::function<Result<void>(std::string_view)> const& piece) {
    Window window(body);
    auto const first = "--" + std::string(boundary);
    auto line = TRY(window.line());
    while (line.empty()) line = TRY(window.line());
    if (!line.starts_with(first)) return malformed("it does not begin with its boundary");
    TRY(read_headers(window));
    RelatedPart result;
    auto const delimiter = std::string(window.line_end()) + first;
    TRY(read_until(window, delimiter, [&](std::string_view text) -> Result<void> {
        if (result.json.size() + text.size() > limits::kMetadataBytes) {
            return Error(ErrorCode::InvalidArgument, "the metadata part is too large");
        }
        result.json += text;
        return {};
    }));
    TRY(window.line());
    result.content_type = TRY(read_headers(window));
    TRY(read_until(window, delimiter, piece));
    return result;
}

}  // namespace aipress::sandbox
