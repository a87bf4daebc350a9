// Encoders are held against decoders: zlib for PNG, one of GIF's LZW here, PHP's own for all.
#include "poc/picture.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <zlib.h>

#include "base/subprocess.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"
#include "testing/test_context.h"

namespace aipress::poc {
namespace {

using testing::must;
using testing::test_context;

std::uint32_t number_at(std::string const& bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        number = number << 8 | static_cast<unsigned char>(bytes.at(at + i));
    }
    return number;
}

// The points of a PNG that has a palette and no filter; its sums are checked.
std::vector<std::uint8_t> decode_png(std::string const& png, unsigned width, unsigned height) {
    std::string packed;
    for (std::size_t at = 8; at < png.size();) {
        auto const length = number_at(png, at);
        auto const type = png.substr(at + 4, 4);
        auto const sum = crc32(0, reinterpret_cast<Bytef const*>(png.data()) + at + 4, length + 4);
        EXPECT_EQ(number_at(png, at + 8 + length), sum) << type;
        if (type == "IDAT") packed += png.substr(at + 8, length);
        at += 12 + length;
    }
    std::string rows((width + 1u) * std::size_t{height}, '\0');
    uLongf size = rows.size();
    EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(rows.data()), &size,
                         reinterpret_cast<Bytef const*>(packed.data()), packed.size()),
              Z_OK);
    EXPECT_EQ(size, rows.size());
    std::vector<std::uint8_t> points;
    for (unsigned y = 0; y < height; ++y) {
        auto const* const row = rows.data() + std::size_t{y} * (width + 1u);
        EXPECT_EQ(row[0], 0);
        points.insert(points.end(), row + 1, row + 1 + width);
    }
    return points;
}

// GIF89a, appendix F.
std::vector<std::uint8_t> decode_gif(std::string const& gif) {
    std::size_t at = 13 + 768 + 10 + 1;
    std::string packed;
    while (auto const count = static_cast<unsigned char>(gif.at(at))) {
        packed += gif.substr(at + 1, count);
        at += 1u + count;
    }
    EXPECT_EQ(gif.substr(at + 1), ";");
    std::vector<std::vector<std::uint8_t>> table;
    auto const clear = [&] {
        table.assign(258, {});
        for (unsigned i = 0; i < 256; ++i) table[i] = {static_cast<std::uint8_t>(i)};
    };
    clear();
    std::vector<std::uint8_t> points;
    std::vector<std::uint8_t> last;
    unsigned width = 9;
    std::size_t bit = 0;
    for (;;) {
        unsigned code = 0;
        for (unsigned i = 0; i < width; ++i, ++bit) {
            code |= (static_cast<unsigned>(static_cast<unsigned char>(packed.at(bit / 8))) >>
                         (bit % 8) &
                     1u)
                    << i;
        }
        if (code == 257) return points;
        if (code == 256) {
            clear();
            last.clear();
            width = 9;
            continue;
        }
        std::vector<std::uint8_t> entry;
        if (code < table.size()) {
            entry = table[code];
        } else {
            EXPECT_EQ(code, table.size());
            entry = last;
            entry.push_back(last.at(0));
        }
        points.insert(points.end(), entry.begin(), entry.end());
        if (!last.empty() && table.size() < 4096) {
            last.push_back(entry.at(0));
            table.push_back(last);
        }
        if (table.size() == 1u << width && width < 12) ++width;
        last = std::move(entry);
    }
}

// Every point another than its neighbours, so that GIF's table overflows several times.
Picture noise(unsigned width, unsigned height) {
    auto picture = paint(5, width, height);
    std::uint32_t state = 1;
    for (auto& point : picture.points) {
        state = state * 1664525 + 1013904223;
        point = static_cast<std::uint8_t>(state >> 24);
    }
    return picture;
}

TEST(PictureTest, APngHoldsEveryPoint) {
    for (auto const& picture : {paint(1, 151, 97), noise(64, 300), paint(2, 1, 1)}) {
        EXPECT_EQ(decode_png(encode_png(picture), picture.width, picture.height), picture.points);
    }
}

TEST(PictureTest, AGifHoldsEveryPoint) {
    for (auto const& picture : {paint(1, 151, 97), noise(200, 300), paint(2, 1, 1)}) {
        EXPECT_EQ(decode_gif(encode_gif(picture)), picture.points);
    }
    // The code of the end has one bit more when the last entry fills the table's width.
    for (unsigned width = 240; width < 270; ++width) {
        auto const picture = noise(width, 1);
        EXPECT_EQ(decode_gif(encode_gif(picture)), picture.points) << width;
    }
}

TEST(PictureTest, TheSameSeedMeansTheSamePicture) {
    EXPECT_EQ(encode_jpeg(paint(3, 300, 200)), encode_jpeg(paint(3, 300, 200)));
    EXPECT_NE(encode_jpeg(paint(3, 300, 200)), encode_jpeg(paint(4, 300, 200)));
    EXPECT_LT(encode_jpeg(paint(3, 2400, 1800)).size(), 200'000u);
}

// PHP's GD reads all three as WordPress would.
TEST(PictureTest, GdDecodesThemAll) {
    if (!std::filesystem::exists("/usr/bin/php8.2")) GTEST_SKIP() << "php8.2 is not installed";
    auto const folder = must(testing::TemporaryDirectory::make());
    auto const picture = paint(7, 333, 222);
    // In the middle of one of JPEG's squares.
    auto const middle = picture.palette[picture.points[108 * 333 + 164]];
    for (auto const format : {PictureFormat::Jpeg, PictureFormat::Png, PictureFormat::Gif}) {
        auto const file = (folder / fmt::format("p.{}", extension_of(format))).string();
        std::ofstream(file, std::ios::binary) << encode(picture, format);
        auto const result = must(run_process(
            test_context(),
            {.arguments = {
                 "php8.2", "-r",
                 "if (!function_exists('imagecreatefromstring')) { echo 'none'; exit; }"
                 "$i = imagecreatefromstring(file_get_contents($argv[1]));"
                 "$c = imagecolorsforindex($i, imagecolorat($i, 164, 108));"
                 "echo imagesx($i), ' ', imagesy($i), ' ', $c['red'], ' ', $c['green'], ' ',"
                 "$c['blue'], ' ', getimagesize($argv[1])['mime'];",
                 file}}));
        if (result.standard_output == "none") GTEST_SKIP() << "php8.2-gd is not installed";
        int width = 0;
        int height = 0;
        int red = 0;
        int green = 0;
        int blue = 0;
        std::string mime;
        std::istringstream(result.standard_output) >> width >> height >> red >> green >> blue >>
            mime;
        EXPECT_EQ(width, 333) << result.standard_output << result.standard_error;
        EXPECT_EQ(height, 222);
        EXPECT_EQ(mime, media_type_of(format));
        // JPEG's colours are rounded twice.
        EXPECT_NEAR(red, middle.red, 3);
        EXPECT_NEAR(green, middle.green, 3);
        EXPECT_NEAR(blue, middle.blue, 3);
        EXPECT_EQ(result.standard_error, "");
    }
}

}  // namespace
}  // namespace aipress::poc
