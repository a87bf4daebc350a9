// Files up (a resumable session: a POST that names it, then pieces) and down (ranges of one
// generation). cloud.google.com/storage/docs/performing-resumable-uploads
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <memory>

#include "gcp/file_pieces.h"
#include "gcp/limits.h"
#include "gcp/storage.h"
#include "gcp/storage_paths.h"
#include "http/checksums.h"
#include "json/fields.h"

namespace aipress::gcp {
namespace {

// How far a session is: bytes that the server has, or the object that they became.
struct Progress {
    std::uint64_t stored = 0;
    std::optional<Object> object = std::nullopt;
};

// "Range: bytes=0-k" of a 308; none at all while nothing is stored.
Outcome<Progress> read_progress(http::ClientResponse const& response) {
    if (response.status == 200 || response.status == 201) {
        Progress progress;
        progress.object = TRY(read_object(TRY(aipress::json::parse_object(response.body))));
        return progress;
    }
    Error const malformed(ErrorCode::Internal, "an upload's answer does not say how far it is");
    if (response.status != 308) return malformed;
    auto const range = response.headers.find("Range");
    if (!range) return Progress();
    constexpr std::string_view kBegin = "bytes=0-";
    if (!range->starts_with(kBegin)) return malformed;
    auto const digits = range->substr(kBegin.size());
    std::uint64_t last = 0;
    auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
    if (failure != std::errc() || end != digits.data() + digits.size()) return malformed;
    return Progress{.stored = last + 1};
}

Call session_call(std::string const& session, std::string range) {
    return {.api = kStorageApi,
            .method = "PUT",
            .headers = {{"Content-Range", std::move(range)}},
            .session_url = session};
}

// Asking does no harm, so it is repeated like a read.
Outcome<Progress> ask_progress(Connection const& connection, Context const& context,
                               std::string const& session, std::uint64_t size) {
    auto call = session_call(session, fmt::format("bytes */{}", size));
    call.idempotent = Idempotent::Yes;
    return read_progress(TRY(connection.send(context, call)));
}

// The bytes from `stored` on, as many as one piece holds.
Outcome<Progress> send_piece(Connection const& connection, Context const& context,
                             std::string const& session, SourceFile const& file,
                             std::uint64_t stored) {
    auto const length = std::min(limits::kPieceBytes, file.size - stored);
    auto const range = length == 0
                           ? fmt::format("bytes */{}", file.size)
                           : fmt::format("bytes {}-{}/{}", stored, stored + length - 1, file.size);
    auto call = session_call(session, range);
    call.content = TRY(read_piece(file, stored, length));
    return read_progress(TRY(connection.send(context, call)));
}

// Where the answer to a piece is lost, the server is asked how far it is; it is the only one to
// know. Errors: NotFound when the session is no more.
Outcome<Object> send_pieces(Connection const& connection, Context const& context,
                            std::string const& session, SourceFile const& file) {
    Progress progress;
    std::uint64_t furthest = 0;
    auto retries = std::make_unique<Retries>(context, connection.retry_policy());
    while (!progress.object) {
        auto sent = send_piece(connection, context, session, file, progress.stored);
        if (sent.ok()) {
            progress = sent.release();
        } else {
            if (sent.error().retry == Retry::Never || !retries->wait_after(sent.error())) {
                return sent.release_error();
            }
            progress = TRY(ask_progress(connection, context, session, file.size));
        }
        if (progress.object) break;
        if (progress.stored > furthest) {
            furthest = progress.stored;
            retries = std::make_unique<Retries>(context, connection.retry_policy());
        } else if (sent.ok()) {
            ApiError stuck(Error(ErrorCode::Unavailable, "the upload makes no progress"));
            stuck.retry = Retry::WhenIdempotent;
            if (!retries->wait_after(stuck)) return stuck;
        }
    }
    return std::move(*progress.object);
}

}  // namespace

Outcome<std::string> Storage::start_upload(Context const& context, NewObject const& made,
                                           std::uint64_t size, std::string const& crc32c) const {
    // A session that nobody uses ends by itself, so starting one is safe to repeat.
    auto const started = TRY(connection_.send(
        context, {.api = kStorageApi,
                  .method = "POST",
                  .path = upload_path(made.bucket),
                  .query = {{"uploadType", "resumable"},
                            {"ifGenerationMatch", fmt::format("{}", made.expected)}},
                  .body = upload_fields(made, crc32c),
                  .headers = {{"X-Upload-Content-Type", made.content_type},
                              {"X-Upload-Content-Length", fmt::format("{}", size)}},
                  .idempotent = Idempotent::Yes}));
    auto const session = started.headers.find("Location");
    if (!session) return Error(ErrorCode::Internal, "an upload was begun without a session");
    return std::string(*session);
}

Outcome<Object> Storage::upload_file(Context const& context, NewObject const& made,
                                     std::filesystem::path const& path) const {
    auto const file = TRY(open_source(path));
    if (file.size <= limits::kSmallObjectBytes) {
        return insert_object(context, made, TRY(read_piece(file, 0, file.size)));
    }
    for (unsigned sessions = 1;; ++sessions) {
        auto const session = TRY(start_upload(context, made, file.size, file.crc32c));
        auto sent = send_pieces(connection_, context, session, file);
        if (sent.ok()) return sent;
        // 404 and 410: the session is lost, not the file.
        bool const is_lost = sent.error().code() == ErrorCode::NotFound;
        if (!is_lost || sessions >= limits::kUploadSessionsMost) {
            return sent.release_error();
        }
    }
}

Outcome<Done> Storage::read_bytes(Context const& context, Object const& object,
                                  ByteSink const& sink) const {
    http::Checksums sums;
    for (std::uint64_t at = 0; at < object.size;) {
        auto const length = std::min(limits::kPieceBytes, object.size - at);
        // Without Accept-Encoding the server unpacks what is stored compressed, and then knows no
        // ranges.
        auto const piece = TRY(connection_.send(
            context,
            {.api = kStorageApi,
             .path = object_path(object.bucket, object.name),
             .query = {{"alt", "media"}, {"generation", fmt::format("{}", object.generation)}},
             .headers = {{"Range", fmt::format("bytes={}-{}", at, at + length - 1)},
                         {"Accept-Encoding", "gzip"}}}));
        if (piece.body.size() != length) {
            return Error(ErrorCode::DataLoss,
                         fmt::format("gs://{}/{}: {} bytes came in place of {}", object.bucket,
                                     object.name, piece.body.size(), length));
        }
        sums.add(piece.body);
        TRY(sink(piece.body));
        at += length;
    }
    if (sums.crc32c() == object.crc32c) return Done();
    return Error(ErrorCode::DataLoss,
                 fmt::format("gs://{}/{}: the bytes that came have another crc32c than the "
                             "object: download it again",
                             object.bucket, object.name));
}

Outcome<Object> Storage::download_file(Context const& context, std::string const& bucket,
                                       std::string const& name,
                                       std::filesystem::path const& path) const {
    auto const object = TRY(get_object(context, bucket, name));
    auto file = TRY(PartialFile::make(path));
    TRY(read_bytes(context, object, [&](std::string_view piece) -> Outcome<Done> {
        TRY(file.append(piece));
        return Done();
    }));
    TRY(file.keep());
    return object;
}

}  // namespace aipress::gcp
