#include <zlib.h>

#include "base/assert.h"
#include "poc/picture.h"

namespace aipress::poc {
namespace {

void append_number(std::string& out, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 255);
}

void append_chunk(std::string& out, std::string_view type, std::string_view data) {
    append_number(out, static_cast<std::uint32_t>(data.size()));
    auto const begin = out.size();
    out += type;
    out += data;
    auto const* const bytes = reinterpret_cast<Bytef const*>(out.data() + begin);
    append_number(out, static_cast<std::uint32_t>(
                           crc32(0, bytes, static_cast<uInt>(type.size() + data.size()))));
}

std::string deflated(std::string const& data) {
    auto size = compressBound(data.size());
    std::string packed(size, '\0');
    auto const code =
        compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                  reinterpret_cast<Bytef const*>(data.data()), data.size(), Z_BEST_SPEED);
    ASSERT(code == Z_OK);
    packed.resize(size);
    return packed;
}

}  // namespace

std::string encode_png(Picture const& picture) {
    std::string out("\x89PNG\r\n\x1a\n", 8);
    std::string header;
    append_number(header, picture.width);
    append_number(header, picture.height);
    header += '\x08';                // bits a point
    header += '\x03';                // a palette's
    header += std::string(3, '\0');  // deflate, usual filters, not interlaced
    append_chunk(out, "IHDR", header);
    std::string palette;
    for (auto const& colour : picture.palette) {
        for (auto const part : {colour.red, colour.green, colour.blue}) {
            palette += static_cast<char>(part);
        }
    }
    append_chunk(out, "PLTE", palette);
    std::string rows;
    rows.reserve((picture.width + 1u) * std::size_t{picture.height});
    for (unsigned y = 0; y < picture.height; ++y) {
        rows += '\0';  // no filter
        auto const* const row = picture.points.data() + std::size_t{y} * picture.width;
        rows.append(reinterpret_cast<char const*>(row), picture.width);
    }
    append_chunk(out, "IDAT", deflated(rows));
    append_chunk(out, "IEND", "");
    return out;
}

}  // namespace aipress::poc
