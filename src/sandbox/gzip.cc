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

}  // namespace aipress::sandbox
