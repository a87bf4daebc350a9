#include "sandbox/storage/resumable.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <random>
#include <vector>

#include "base/log.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view kUploads = "resumable_uploads";  // by id
constexpr std::size_t kPiece = 256u << 10;

ApiError invalid(std::string message) {
    return {.code = ErrorCode::InvalidArgument,
            .message = std::move(message),
            .legacy_reason = "invalid"};
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || failure != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

Reply incomplete(std::uint64_t size) {
    http::Response response;
    response.status = 308;
    if (size > 0) response.headers.add("Range", fmt::format("bytes=0-{}", size - 1));
    return response;
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
        range.total = number(total);
        if (!range.total) return malformed;
    }
    if (bytes == "*") return range;
    auto const dash = bytes.find('-');
    if (dash == bytes.npos) return malformed;
    auto const first = number(bytes.substr(0, dash));
    if (first && bytes.substr(dash + 1) == "*") {
        range.begin = first;
        range.end = UINT64_MAX;
        return range;
    }
    auto const last = number(bytes.substr(dash + 1));
    if (!first || !last || *last < *first || (range.total && *last >= *range.total)) {
        return malformed;
    }
    range.begin = first;
    range.end = *last + 1;
    return range;
}

std::mutex& ResumableUploads::lock_of(std::string const& id) {
    return locks_[std::hash<std::string>()(id) % locks_.size()];
}

Outcome<Document> ResumableUploads::find(std::string const& id) const {
    return read<Document>(store_, [&](Transaction& transaction) -> Outcome<Document> {
        auto found = TRY(transaction.get(kUploads, id));
        if (found) return std::move(*found);
        return ApiError{.code = ErrorCode::NotFound,
                        .message = "Not Found: there is no such resumable upload.",
                        .legacy_reason = "notFound"};
    });
}

Outcome<Reply> ResumableUploads::start(Call& call, std::string const& bucket,
                                       std::string const& name, json::object const& fields) {
    static thread_local std::mt19937_64 random{std::random_device{}()};
    auto const id = fmt::format("{:016x}{:016x}", random(), random());
    json::object conditions;
    for (auto const& [key, value] : call.request.parameters) {
        if (key.starts_with("if")) conditions[key] = value;
    }
    json::object upload{{"bucket", bucket}, {"name", name}, {"fields", fields}};
    upload["conditions"] = std::move(conditions);
    FileDescriptor const file(
        ::open(path(id).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid()) return Error(ErrorCode::Unavailable, "cannot make the upload's file");
    TRY(write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(find_bucket(transaction, bucket));
        TRY(transaction.insert(kUploads, id, upload));
        return Done();
    }));
    http::Response response;
    auto const separator = call.request.query.empty() ? "?" : "&";
    response.headers.add(
        "Location",
        fmt::format("{}{}{}{}{}upload_id={}", call.origin(), call.request.path,
                    call.request.query.empty() ? "" : "?", call.request.query, separator, id));
    response.headers.add("X-GUploader-UploadID", id);
    return Reply(std::move(response));
}

Outcome<std::uint64_t> ResumableUploads::take(Call& call, std::string const& id,
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
        auto const count = call.body.read(buffer);
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

Outcome<Reply> ResumableUploads::finish(Call& call, Document const& upload) {
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
    std::error_code ignored;
    fs::remove(path(upload.name), ignored);
    return reply(object_view(stored, call.origin()));
}

Outcome<Reply> ResumableUploads::resume(Call& call, std::string const& id) {
    std::lock_guard const lock(lock_of(id));
    auto const upload = TRY(find(id));
    if (auto const* const object = upload.body.as_object().if_contains("object")) {
        return reply(object_view(object->as_object(), call.origin()));
    }
    ContentRange range;
    if (auto const header = call.request.headers.find("Content-Range")) {
        range = TRY(parse_content_range(*header));
    } else {
        range.begin = 0;
        range.end = call.request.content_length.value_or(UINT64_MAX);
        range.total = call.request.content_length;
    }
    auto const size = TRY(take(call, id, range));
    bool const is_to_the_end = range.end == UINT64_MAX;
    if (is_to_the_end || (range.total && size >= *range.total)) return finish(call, upload);
    return incomplete(size);
}

Outcome<Reply> ResumableUploads::cancel(std::string const& id) {
    std::lock_guard const lock(lock_of(id));
    TRY(find(id));
    TRY(write<Done>(store_, [&](Transaction& transaction) -> Outcome<Done> {
        TRY(transaction.remove(kUploads, id));
        return Done();
    }));
    std::error_code ignored;
    fs::remove(path(id), ignored);
    http::Response response;
    response.status = 499;
    return Reply(std::move(response));
}

}  // namespace aipress::sandbox
