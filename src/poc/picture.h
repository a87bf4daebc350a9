// Pictures that a browser shows and a program can tell apart: small files of any size in pixels,
// the same for the same seed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::poc {

struct Colour {
    std::uint8_t red = 0;
    std::uint8_t green = 0;
    std::uint8_t blue = 0;
};

// Points into a palette, row by row. Both sides are at most kPictureSideMost.
inline constexpr unsigned kPictureSideMost = 8'192;
struct Picture {
    unsigned width = 0;
    unsigned height = 0;
    std::array<Colour, 256> palette = {};
    std::vector<std::uint8_t> points = {};
};

// Bands and a disc in the seed's own colours; of another size it is the same picture.
[[nodiscard]] Picture paint(std::uint64_t seed, unsigned width, unsigned height);

enum class PictureFormat { Jpeg, Png, Gif };
[[nodiscard]] std::string_view extension_of(PictureFormat format);   // "jpg"
[[nodiscard]] std::string_view media_type_of(PictureFormat format);  // "image/jpeg"

[[nodiscard]] std::string encode(Picture const& picture, PictureFormat format);
// Of one colour in each square of 8 points: ITU T.81, baseline, no subsampling.
[[nodiscard]] std::string encode_jpeg(Picture const& picture);
// https://www.w3.org/TR/png/, palette.
[[nodiscard]] std::string encode_png(Picture const& picture);
// https://www.w3.org/Graphics/GIF/spec-gif89a.txt
[[nodiscard]] std::string encode_gif(Picture const& picture);

}  // namespace aipress::poc
