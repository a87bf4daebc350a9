#include "poc/picture.h"

#include <algorithm>
#include <random>

#include "base/assert.h"

namespace aipress::poc {

Picture paint(std::uint64_t seed, unsigned width, unsigned height) {
    ASSERT(width > 0 && height > 0 && width <= kPictureSideMost && height <= kPictureSideMost);
    Picture picture{.width = width, .height = height};
    std::mt19937_64 random(seed);
    auto const byte = [&] { return static_cast<std::uint8_t>(random() & 255); };
    Colour const from{byte(), byte(), byte()};
    Colour const to{byte(), byte(), byte()};
    for (unsigned i = 0; i < 256; ++i) {
        auto const mixed = [&](std::uint8_t a, std::uint8_t b) {
            return static_cast<std::uint8_t>((a * (255 - i) + b * i) / 255);
        };
        picture.palette[i] = {mixed(from.red, to.red), mixed(from.green, to.green),
                              mixed(from.blue, to.blue)};
    }
    // In thousandths of the sides, so that every size shows the same.
    auto const disc_x = static_cast<int>(200 + random() % 600);
    auto const disc_y = static_cast<int>(200 + random() % 600);
    auto const radius = static_cast<int>(80 + random() % 150);
    auto const bands = static_cast<unsigned>(4 + random() % 9);
    picture.points.resize(std::size_t{width} * height);
    for (unsigned y = 0; y < height; ++y) {
        auto const down = static_cast<int>(y * 1000 / height);
        auto const band = static_cast<std::uint8_t>(y * bands / height * 255 / bands);
        for (unsigned x = 0; x < width; ++x) {
            auto const right = static_cast<int>(x * 1000 / width) - disc_x;
            bool const is_disc =
                right * right + (down - disc_y) * (down - disc_y) < radius * radius;
            picture.points[std::size_t{y} * width + x] =
                is_disc ? static_cast<std::uint8_t>(255 - band) : band;
        }
    }
    return picture;
}

std::string_view extension_of(PictureFormat format) {
    switch (format) {
        case PictureFormat::Jpeg:
            return "jpg";
        case PictureFormat::Png:
            return "png";
        case PictureFormat::Gif:
            return "gif";
    }
    return "";
}

std::string_view media_type_of(PictureFormat format) {
    switch (format) {
        case PictureFormat::Jpeg:
            return "image/jpeg";
        case PictureFormat::Png:
            return "image/png";
        case PictureFormat::Gif:
            return "image/gif";
    }
    return "";
}

std::string encode(Picture const& picture, PictureFormat format) {
    switch (format) {
        case PictureFormat::Jpeg:
            return encode_jpeg(picture);
        case PictureFormat::Png:
            return encode_png(picture);
        case PictureFormat::Gif:
            return encode_gif(picture);
    }
    return "";
}

}  // namespace aipress::poc
