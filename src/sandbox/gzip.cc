#include "sandbox/gzip.h"

#include <algorithm>
#include <fmt/format.h>
#include <zlib.h>

#include "base/assert.h"

namespace aipress::sandbox {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;
constexpr std::size_t kPiece = 64u << 10;

Bytef* bytes_of(std::string_view text) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib only reads it
}

}  // namespace

std::string compress_gzip(std::string_view bytes) {
    z_stream stream{};
    ASSERT(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = bytes_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = bytes_of(out);
    stream.avail_out = static_cast<uInt>(out.size());
    ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Result<std::string> decompress_gzip(std::string_view compressed, std::size_t most) {
    z_stream stream{};
    ASSERT(inflateInit2(&stream, kGzip) == Z_OK);
    stream.next_in = bytes_of(compressed);
    stream.avail_in = static_cast<uInt>(compressed.size());
    std::string out;
    int state = Z_OK;
    while (state == Z_OK && out.size() <= most) {
        auto const begin = out.size();
        out.resize(begin + kPiece);
        stream.next_out = bytes_of(out) + begin;
        stream.avail_out = kPiece;
        state = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
    }
    bool const is_whole = state == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    if (out.size() > most) {
        return Error(ErrorCode::ResourceExhausted,
                     fmt::format("more than {} bytes when decompressed", most));
    }
    if (!is_whole) return Error(ErrorCode::InvalidArgument, "not one whole gzip stream");
    return out;
}

struct GzipReader::Impl {
    explicit Impl(Source from) : source(std::move(from)), input(kPiece, '\0') {
        ASSERT(inflateInit2(&stream, kGzip) == Z_OK);
    }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;
    ~Impl() { inflateEnd(&stream); }

    // False at the end of the source.
    Result<bool> fill() {
        if (stream.avail_in > 0) return true;
        auto const count = TRY(source(std::span(input.data(), input.size())));
        stream.next_in = bytes_of(input);
        stream.avail_in = static_cast<uInt>(count);
        return count > 0;
    }

    Source source;
    std::string input;
    z_stream stream{};
    bool is_at_end_of_member = false;  // a file may be several of them, RFC 1952, 2.2
};

GzipReader::GzipReader(Source compressed) : impl_(std::make_unique<Impl>(std::move(compressed))) {}
GzipReader::GzipReader(GzipReader&&) noexcept = default;
GzipReader::~GzipReader() = default;

Result<std::size_t> GzipReader::read(std::span<char> buffer) {
    if (buffer.empty()) return std::size_t{0};
    auto& stream = impl_->stream;
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    while (stream.avail_out == buffer.size()) {
        if (!TRY(impl_->fill())) {
            if (impl_->is_at_end_of_member) return std::size_t{0};
            return Error(ErrorCode::InvalidArgument, "the gzip stream breaks off");
        }
        if (impl_->is_at_end_of_member) inflateReset(&stream);
        auto const state = inflate(&stream, Z_NO_FLUSH);
        impl_->is_at_end_of_member = state == Z_STREAM_END;
        if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
            return Error(ErrorCode::InvalidArgument, "not a gzip stream");
        }
    }
    return buffer.size() - stream.avail_out;
}

}  // namespace aipress::sandbox
