#include "mysql/binlog/compression.h"

#include <memory>
#include <string>
#include <zlib.h>
#include <zstd.h>

#include "mysql/binlog/byte_reader.h"

namespace aipress::mysql::binlog {

namespace {

enum class ZlibFraming { Wrapped, Raw };

// Deflate packs at most 1032 to 1, so a larger claim is a lie told to make us allocate.
constexpr std::uint64_t kMaxDeflateRatio = 1032;

Result<std::vector<std::byte>> inflate_exactly(std::span<std::byte const> bytes,
                                               std::uint64_t unpacked_size, ZlibFraming framing) {
    if (unpacked_size > kMaxUnpackedSize || unpacked_size > (bytes.size() + 1) * kMaxDeflateRatio) {
        return malformed("impossible size of compressed data");
    }
    std::vector<std::byte> unpacked(static_cast<std::size_t>(unpacked_size));
    z_stream stream{};
    int const window_bits = framing == ZlibFraming::Raw ? -MAX_WBITS : MAX_WBITS;
    if (inflateInit2(&stream, window_bits) != Z_OK) {
        return Error(ErrorCode::ResourceExhausted, "no memory for zlib");
    }
    std::unique_ptr<z_stream, decltype([](z_stream* open) { inflateEnd(open); })> const closer(
        &stream);
    std::byte nothing{};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(unpacked.empty() ? &nothing : unpacked.data());
    stream.avail_out = static_cast<uInt>(unpacked.size());
    int const code = inflate(&stream, Z_FINISH);
    if (code != Z_STREAM_END || stream.avail_out != 0) return malformed("broken zlib data");
    return unpacked;
}

}  // namespace

Result<std::vector<std::byte>> unpack_mariadb_event(std::span<std::byte const> bytes) {
    ByteReader reader(bytes);
    std::uint64_t const head = TRY(reader.read_little_endian(1));
    std::uint64_t const size_width = head & 0x07U;
    if ((head & 0xf0U) != 0x80U || size_width < 1 || size_width > 4) {
        return malformed("unknown compression");
    }
    std::uint64_t const size = big_endian(TRY(reader.read_bytes(size_width)));
    return inflate_exactly(reader.rest(), size, ZlibFraming::Wrapped);
}

Result<std::vector<std::byte>> unpack_mariadb_column(std::span<std::byte const> bytes) {
    if (bytes.empty()) return std::vector<std::byte>{};
    ByteReader reader(bytes);
    std::uint64_t const head = TRY(reader.read_little_endian(1));
    std::uint64_t const method = head >> 4U;
    if (method == 0) return std::vector<std::byte>(reader.rest().begin(), reader.rest().end());
    if (method != 8) {
        return Error(ErrorCode::Unimplemented,
                     "compression method " + std::to_string(method) + " of a column");
    }
    std::uint64_t const size = big_endian(TRY(reader.read_bytes(head & 0x07U)));
    return inflate_exactly(reader.rest(), size,
                           (head & 0x08U) != 0 ? ZlibFraming::Raw : ZlibFraming::Wrapped);
}

Result<std::vector<std::byte>> unpack_zstd(std::span<std::byte const> bytes) {
    std::unique_ptr<ZSTD_DCtx, decltype([](ZSTD_DCtx* open) { ZSTD_freeDCtx(open); })> const
        context(ZSTD_createDCtx());
    if (!context) return Error(ErrorCode::ResourceExhausted, "no memory for zstd");
    std::vector<std::byte> unpacked;
    std::vector<std::byte> piece(ZSTD_DStreamOutSize());
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    std::size_t wanted = bytes.empty() ? 0 : 1;  // 0: a frame is complete
    bool flushing = false;
    while (input.pos < input.size || flushing) {
        ZSTD_outBuffer output{piece.data(), piece.size(), 0};
        wanted = ZSTD_decompressStream(context.get(), &output, &input);
        if (ZSTD_isError(wanted) != 0) return malformed("broken zstd data");
        unpacked.insert(unpacked.end(), piece.begin(),
                        piece.begin() + static_cast<std::ptrdiff_t>(output.pos));
        if (unpacked.size() > kMaxUnpackedSize) {
            return Error(ErrorCode::ResourceExhausted, "a transaction unpacks to more than 1 GiB");
        }
        flushing = output.pos == output.size && wanted != 0;
    }
    if (wanted != 0) return malformed("zstd data ends too early");
    return unpacked;
}

}  // namespace aipress::mysql::binlog
