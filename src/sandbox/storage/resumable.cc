#include "sandbox/storage/resumable.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <random>
#include <vector>

#include "base/log.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view kUploads = "resumable_uploads";  // by id
constexpr std::size_t kPiece = 256u << 10;
constexpr std::size_t kScanned = 500;  // documents at a time

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument,
            .message = std::move(message),
            .legacy_reason = "invalid"};
}

// Milliseconds since 1970.
std::int64_t begun_at(Document const& upload) {
    return upload.body.at("begun").to_number<std::int64_t>();
}

}  // namespace

Outcome<ContentRange> parse_content_range(std::string_view text) {
    auto const malformed = invalid(fmt::format("Failed to parse Content-Range header '{}'.", text));
    constexpr std::string_view kBytes = "bytes ";
    auto const slash = text.find('/');
    if (!text.starts_with(kBytes) || slash == text.npos) return malformed;
    auto const bytes = text.substr(kBytes.size(), slash - kBytes.size());
    auto const total = text.substr(slash + 1);
    ContentRange range;
    if (total != "*") {
        range.total = parse_number(total);
        if (!range.total) return malformed;
    }
    if (bytes == "*") return range;
    auto const dash = bytes.find('-');
    if (dash == bytes.npos) return malformed;
    auto const first = parse_number(bytes.substr(0, dash));
    if (first && bytes.substr(dash + 1) == "*") {
        range.begin = first;
        range.end = UINT64_MAX;
        return range;
    }
    auto const last = parse_number(bytes.substr(dash + 1));
    if (!first || !last || *last < *first || (range.total && *last >= *range.total)) {
        return malformed;
    }
    range.begin = first;
    range.end = *last + 1;
    return range;
}

http::Response begun_response(http::Request const& request, std::string query,
                              std::string const& id) {
    if (!query.empty()) query += "&";
    http::Response response;
    response.headers.add("Location", fmt::format("{}://{}{}?{}upload_id={}", request.scheme,
                                                 request.authority, request.path, query, id));
    response.headers.add("X-GUploader-UploadID", id);
    return response;
}

http::Response incomplete_response(std::uint64_t size) {
    http::Response response;
    response.status = 308;
    if (size > 0) response.headers.add("Range", fmt::format("bytes=0-{}", size - 1));
    return response;
}

std::mutex& ResumableUploads::lock_of(std::string const& id) {
    return locks_[std::hash<std::string>()(id) % locks_.size()];
}

Outcome<Document> ResumableUploads::find(std::string const& id) const {
    return read<Document>(store_, [&](Transaction& transaction) -> Outcome<Document> {
        auto found = TRY(transaction.get(kUploads, id));
        if (found &&
            begun_at(*found) >= milliseconds_of(clock_.wall_now() - limits::kResumableTime)) {
            return std::move(*found);
        }
        if (found) {
            return ApiError{
                .code = ErrorCode::NotFound,
                .message =
                    "Gone: this resumable upload began more than a week ago. Start a new one.",
                .http_status = 410,
                .legacy_reason = "gone"};
        }
        return ApiError{.code = ErrorCode::NotFound,
                        .message = "Not Found: there is no such resumable upload.",
                        .legacy_reason = "notFound"};
    });
}

void ResumableUploads::remove_file(std::string const& id) const {
    std::error_code ignored;
    fs::remove(path(id), ignored);
}

Result<void> ResumableUploads::prepare() {
    std::error_code failure;
    fs::create_directories(folder_, failure);
    if (failure) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("cannot make '{}': {}", folder_.string(), failure.message()));
    }
    auto swept = sweep(clock_.wall_now() - limits::kResumableTime);
    if (!swept.ok()) {
        auto const error = swept.release_error();
        return Error(error.code, error.message);
    }
    // A file comes before its document: of some a crash has left only the file.
    for (auto const& entry : fs::directory_iterator(folder_, failure)) {
        auto const id = entry.path().filename().string();
        if (!find(id).ok()) remove_file(id);
    }
    return {};
}

Outcome<Done> ResumableUploads::sweep(WallTime before) {
    auto const latest = milliseconds_of(before);
    std::vector<std::string> old;
    TRY(write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        old.clear();
        std::string start;
        do {
            auto const page = TRY(transaction.list(kUploads, "", start, kScanned));
            for (auto const& upload : page.documents) {
                if (begun_at(upload) < latest) old.push_back(upload.name);
            }
            start = page.next;
        } while (!start.empty());
        for (auto const& id : old) TRY(transaction.remove(kUploads, id));
        return Done();
    }));
    for (auto const& id : old) remove_file(id);
    return Done();
}

void ResumableUploads::sweep_when_due() {
    auto const now = clock_.wall_now();
    auto due = next_sweep_.load();
    auto const next = milliseconds_of(now + limits::kResumableSweep);
    if (milliseconds_of(now) < due || !next_sweep_.compare_exchange_strong(due, next)) return;
    auto swept = sweep(now - limits::kResumableTime);
    if (!swept.ok()) log::warning("old uploads stay: {}", swept.release_error().message);
}

Outcome<std::string> ResumableUploads::start(NewUpload const& upload) {
    static thread_local std::mt19937_64 random{std::random_device{}()};
    TRY(check_new_object(upload.name, upload.fields));
    sweep_when_due();
    auto const id = fmt::format("{:016x}{:016x}", random(), random());
    json::object conditions;
    for (auto const& [key, value] : upload.conditions) {
        if (key.starts_with("if")) conditions[key] = value;
    }
    json::object body{{"bucket", upload.bucket},
                      {"name", upload.name},
                      {"fields", upload.fields},
                      {"begun", milliseconds_of(clock_.wall_now())}};
    body["conditions"] = std::move(conditions);
    FileDescriptor const file(
        ::open(path(id).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid()) return Error(ErrorCode::Unavailable, "cannot make the upload's file");
    auto stored = write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(find_bucket(transaction, upload.bucket));
        TRY(transaction.insert(kUploads, id, body));
        return Done();
    });
    if (stored.ok()) return id;
    remove_file(id);
    return stored.release_error();
}

Outcome<std::uint64_t> ResumableUploads::take(http::BodyReader& body, std::string const& id,
                                              ContentRange const& range) {
    FileDescriptor const file(::open(path(id).c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.valid()) return Error(ErrorCode::Unavailable, "cannot open the upload's file");
    auto size = static_cast<std::uint64_t>(::lseek(file.get(), 0, SEEK_END));
    if (!range.begin) return size;
    if (*range.begin > size) {
        return invalid(
            fmt::format("Invalid request.  According to the Content-Range header, the "
                        "upload offset is {} byte(s), which exceeds already uploaded "
                        "size of {} byte(s).",
                        *range.begin, size));
    }
    std::vector<char> buffer(kPiece);
    std::optional<Error> broken;
    for (auto at = *range.begin; at < range.end;) {
        auto const count = body.read(buffer);
        if (!count.ok()) {
            broken = count.error();
            break;
        }
        if (count.value() == 0) break;
        std::string_view bytes(buffer.data(), count.value());
        bytes = bytes.substr(0, range.end - at);
        at += bytes.size();
        if (at <= size) continue;  // sent again
        auto const fresh = bytes.substr(bytes.size() - std::min(bytes.size(), at - size));
        TRY(write_at(file, fresh, size));
        size += fresh.size();
    }
    if (::fdatasync(file.get()) != 0)
        return Error(ErrorCode::Unavailable, "cannot sync the upload");
    if (broken) return *broken;
    return size;
}

Outcome<json::object> ResumableUploads::finish(Document const& upload) {
    auto const& body = upload.body.as_object();
    http::Parameters wanted;
    for (auto const& condition : body.at("conditions").as_object()) {
        wanted.emplace_back(condition.key(), std::string(condition.value().as_string()));
    }
    auto writer = TRY(blobs_.create());
    FileDescriptor const file(::open(path(upload.name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return Error(ErrorCode::Unavailable, "cannot open the upload's file");
    TRY(read_file(file, [&](std::string_view piece) { return writer.add(piece); }));
    ObjectChanges::NewObject object{.bucket = text_field(body, "bucket"),
                                    .name = text_field(body, "name"),
                                    .fields = body.at("fields").as_object(),
                                    .blob = {}};
    object.blob = TRY(writer.finish());
    auto const conditions = TRY(Preconditions::parse(wanted));
    // The upload is kept, with the object: a client that lost this reply asks again.
    auto const keep = [&](Transaction& transaction, json::object const& resource) -> Outcome<Done> {
        auto done = body;
        done["object"] = resource;
        TRY(transaction.update(kUploads, upload.name, std::nullopt, done));
        return Done();
    };
    auto const stored = TRY(changes_.put(object, conditions, keep));
    remove_file(upload.name);
    return stored;
}

Outcome<ResumableUploads::Progress> ResumableUploads::resume(http::Request const& request,
                                                             http::BodyReader& body,
                                                             std::string const& id) {
    std::lock_guard const lock(lock_of(id));
    auto const upload = TRY(find(id));
    if (auto const* const object = upload.body.as_object().if_contains("object")) {
        return Progress{.object = object->as_object()};
    }
    ContentRange range;
    if (auto const header = request.headers.find("Content-Range")) {
        range = TRY(parse_content_range(*header));
    } else {
        range.begin = 0;
        range.end = request.content_length.value_or(UINT64_MAX);
        range.total = request.content_length;
    }
    auto const size = TRY(take(body, id, range));
    bool const is_whole = range.end == UINT64_MAX || (range.total && size >= *range.total);
    if (!is_whole) return Progress{.size = size};
    return Progress{.size = size, .object = TRY(finish(upload))};
}

Outcome<Done> ResumableUploads::cancel(std::string const& id) {
    std::lock_guard const lock(lock_of(id));
    TRY(find(id));
    TRY(write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(transaction.remove(kUploads, id));
        return Done();
    }));
    remove_file(id);
    return Done();
}

}  // namespace aipress::sandbox
