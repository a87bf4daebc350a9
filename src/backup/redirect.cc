#include "backup/redirect.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <zlib.h>

#include "backup/limits.h"
#include "mysql/connection.h"

namespace aipress::backup {
namespace {

using gcp::Done;
using gcp::Object;
using gcp::Outcome;

constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip
constexpr std::size_t kBufferBytes = 64u << 10;
constexpr std::string_view kUse = "USE `";
constexpr std::string_view kCreate = "CREATE DATABASE ";
constexpr std::string_view kLastLine = "-- Dump completed";
constexpr std::size_t kEndBytes = 256;  // in which the last line is

// Parts of 8 MiB, which become one object: 32 are composed into one, which is then the first of the
// next 32.
class PartWriter {
public:
    PartWriter(gcp::Storage const& storage, std::string bucket, std::string name)
        : storage_(storage), bucket_(std::move(bucket)), name_(std::move(name)) {}

    Outcome<Done> write(Context const& context, std::string_view bytes) {
        parts_.push_back(TRY(storage_.insert_object(context, made(next_name()), bytes)));
        if (parts_.size() == limits::kComposedParts) TRY(fold(context, next_name()));
        return Done();
    }
    Outcome<Object> finish(Context const& context) {
        TRY(fold(context, name_));
        return parts_.front();
    }

private:
    std::string next_name() { return fmt::format("{}.part-{:06}", name_, ++count_); }
    gcp::NewObject made(std::string name) const {
        return {.bucket = bucket_, .name = std::move(name), .content_type = "application/gzip"};
    }
    Outcome<Done> fold(Context const& context, std::string const& name) {
        auto whole = TRY(storage_.compose(context, made(name), parts_));
        for (auto const& part : parts_) {
            TRY(storage_.delete_object(context, bucket_, part.name, part.generation));
        }
        parts_.clear();
        parts_.push_back(std::move(whole));
        return Done();
    }

    gcp::Storage const& storage_;
    std::string const bucket_;
    std::string const name_;
    std::vector<Object> parts_;
    unsigned count_ = 0;
};

}  // namespace

DatabaseNameFilter::DatabaseNameFilter(std::string const& database)
    : use_(fmt::format("USE {};", mysql::quote_identifier(database))),
      create_(fmt::format(" {} ", mysql::quote_identifier(database))) {}

// Of a line whose head is known. Values have their line ends escaped, so a line that begins with
// these words is a statement; USE is no statement of a routine's or view's.
Result<void> DatabaseNameFilter::decide(std::string& out) {
    auto const begins = [&](std::string_view words) { return head_.starts_with(words); };
    bool const is_use = begins(kUse);
    bool const is_create = begins(kCreate);
    bool const is_own =
        is_use ? head_.starts_with(use_) : (head_ + " ").find(create_) != std::string::npos;
    if ((is_use || is_create) && !is_own) {
        return Error(ErrorCode::FailedPrecondition,
                     "the dump is of other databases too, and would be loaded over them: it has "
                     "to be an export of one database");
    }
    line_ = is_use || is_create ? Line::Dropped : Line::Kept;
    if (line_ == Line::Kept) out += head_;
    head_.clear();
    return {};
}

Result<void> DatabaseNameFilter::add(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        auto const end = bytes.find('\n');
        auto const piece = bytes.substr(0, end == bytes.npos ? end : end + 1);
        bytes.remove_prefix(piece.size());
        if (line_ == Line::Unknown) {
            head_ += piece;
            bool const is_known = end != bytes.npos || head_.size() >= limits::kDumpLineHead;
            if (is_known) TRY(decide(out));
        } else if (line_ == Line::Kept) {
            out += piece;
        }
        if (piece.ends_with('\n')) line_ = Line::Unknown;
    }
    return {};
}

Result<void> DatabaseNameFilter::finish(std::string& out) {
    return decide(out);
}

struct DumpRewriter::Impl {
    explicit Impl(std::string const& database) : filter(database) {
        inflateInit2(&reader, kGzipWindow);
        deflateInit2(&writer, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
    }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;
    ~Impl() {
        inflateEnd(&reader);
        deflateEnd(&writer);
    }

    void deflate_into(std::string& out, int flush) {
        auto buffer = std::array<char, kBufferBytes>();
        writer.next_in = reinterpret_cast<Bytef*>(kept.data());
        writer.avail_in = static_cast<uInt>(kept.size());
        do {
            writer.next_out = reinterpret_cast<Bytef*>(buffer.data());
            writer.avail_out = static_cast<uInt>(buffer.size());
            deflate(&writer, flush);
            out.append(buffer.data(), buffer.size() - writer.avail_out);
        } while (writer.avail_out == 0);
        kept.clear();
    }
    // What was read of the dump last.
    void remember(std::string_view text) {
        end.append(text.substr(text.size() - std::min(text.size(), kEndBytes)));
        if (end.size() > kEndBytes) end.erase(0, end.size() - kEndBytes);
    }

    DatabaseNameFilter filter;
    z_stream reader{};
    z_stream writer{};
    std::string kept;
    std::string end;
    bool is_whole = true;  // nothing, or a gzip up to its end
};

DumpRewriter::DumpRewriter(std::string const& database) : impl_(std::make_unique<Impl>(database)) {}
DumpRewriter::~DumpRewriter() = default;

Result<void> DumpRewriter::add(std::string_view compressed, std::string& out) {
    auto& reader = impl_->reader;
    auto buffer = std::array<char, kBufferBytes>();
    std::string input(compressed);  // zlib's pointer is to what may be written
    reader.next_in = reinterpret_cast<Bytef*>(input.data());
    reader.avail_in = static_cast<uInt>(input.size());
    bool has_more = false;
    while (reader.avail_in > 0 || has_more) {
        // A file may be several gzips one behind the other (RFC 1952, 2.2).
        if (impl_->is_whole) inflateReset(&reader);
        reader.next_out = reinterpret_cast<Bytef*>(buffer.data());
        reader.avail_out = static_cast<uInt>(buffer.size());
        auto const status = inflate(&reader, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
            return Error(ErrorCode::DataLoss, "the dump is damaged: it does not decompress");
        }
        impl_->is_whole = status == Z_STREAM_END;
        has_more = !impl_->is_whole && reader.avail_out == 0;
        std::string_view const text(buffer.data(), buffer.size() - reader.avail_out);
        impl_->remember(text);
        TRY(impl_->filter.add(text, impl_->kept));
        impl_->deflate_into(out, Z_NO_FLUSH);
    }
    return {};
}

Result<void> DumpRewriter::finish(std::string& out) {
    if (!impl_->is_whole || impl_->end.find(kLastLine) == std::string::npos) {
        return Error(ErrorCode::DataLoss, "the dump breaks off: it has no end");
    }
    TRY(impl_->filter.finish(impl_->kept));
    impl_->deflate_into(out, Z_FINISH);
    return {};
}

Outcome<Object> stage_dump(Context const& context, gcp::Storage const& storage,
                           StagedDump const& staged) {
    DumpRewriter rewriter(staged.database);
    PartWriter parts(storage, staged.source.bucket, staged.name);
    std::string ready;
    TRY(storage.read_bytes(context, staged.source, [&](std::string_view piece) -> Outcome<Done> {
        TRY(rewriter.add(piece, ready));
        while (ready.size() >= limits::kStagedBytes) {
            TRY(parts.write(context, std::string_view(ready).substr(0, limits::kStagedBytes)));
            ready.erase(0, limits::kStagedBytes);
        }
        return Done();
    }));
    TRY(rewriter.finish(ready));
    TRY(parts.write(context, ready));
    return parts.finish(context);
}

}  // namespace aipress::backup
