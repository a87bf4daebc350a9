#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "poc/picture.h"

namespace aipress::poc {
namespace {

constexpr int kStep = 8;  // quantization: a DC coefficient is eight times the mean, so it is exact

void append_short(std::string& out, unsigned number) {
    out += static_cast<char>(number >> 8 & 255);
    out += static_cast<char>(number & 255);
}

void append_segment(std::string& out, unsigned marker, std::string_view data) {
    out += '\xff';
    out += static_cast<char>(marker);
    append_short(out, static_cast<unsigned>(data.size() + 2));
    out += data;
}

// The differences' sizes 0 to 11, all but the first of four bits: 0 is 00, 1 is 0100, 2 is 0101 …
// A code of ones alone is not allowed, and there is none: 11 is 1110.
constexpr unsigned kSizes = 12;

std::string huffman_tables() {
    std::string table;
    table += '\0';  // DC, number 0
    std::string counts(16, '\0');
    counts[1] = 1;
    counts[3] = static_cast<char>(kSizes - 1);
    table += counts;
    for (unsigned size = 0; size < kSizes; ++size) table += static_cast<char>(size);
    table += '\x10';  // AC, number 0: nothing but the end of a block, which is the bit 0
    counts = std::string(16, '\0');
    counts[0] = 1;
    table += counts;
    table += '\0';
    return table;
}

class BitWriter {
public:
    void put(unsigned value, unsigned count) {
        held_ = held_ << count | value;
        for (bits_ += count; bits_ >= 8; bits_ -= 8) {
            auto const byte = static_cast<std::uint8_t>(held_ >> (bits_ - 8) & 255);
            bytes_ += static_cast<char>(byte);
            if (byte == 255) bytes_ += '\0';  // it is no marker
        }
    }
    void put_difference(int difference) {
        auto const magnitude = static_cast<unsigned>(std::abs(difference));
        auto const size = static_cast<unsigned>(std::bit_width(magnitude));
        if (size == 0) {
            put(0, 2);
        } else {
            put(4 + size - 1, 4);
            put(difference > 0 ? magnitude : ~magnitude & ((1u << size) - 1), size);
        }
        put(0, 1);  // the end of the block
    }
    std::string finish() {
        if (bits_ > 0) put((1u << (8 - bits_)) - 1, 8 - bits_);
        return std::move(bytes_);
    }

private:
    std::string bytes_;
    std::uint64_t held_ = 0;
    unsigned bits_ = 0;
};

// https://www.w3.org/Graphics/JPEG/jfif3.pdf, less 128.
std::array<int, 3> components_of(Colour const& colour) {
    double const red = colour.red;
    double const green = colour.green;
    double const blue = colour.blue;
    auto const part = [](double value) {
        return std::clamp(static_cast<int>(std::lround(value)), 0, 255) - 128;
    };
    return {part(0.299 * red + 0.587 * green + 0.114 * blue),
            part(128 - 0.1687 * red - 0.3313 * green + 0.5 * blue),
            part(128 + 0.5 * red - 0.4187 * green - 0.0813 * blue)};
}

std::string scan_of(Picture const& picture) {
    BitWriter bits;
    std::array<int, 3> last{};
    for (unsigned y = 0; y < picture.height; y += 8) {
        for (unsigned x = 0; x < picture.width; x += 8) {
            auto const middle_x = std::min(x + 4, picture.width - 1);
            auto const middle_y = std::min(y + 4, picture.height - 1);
            auto const point = picture.points[std::size_t{middle_y} * picture.width + middle_x];
            auto const components = components_of(picture.palette[point]);
            for (std::size_t i = 0; i < 3; ++i) {
                bits.put_difference(components[i] - last[i]);
                last[i] = components[i];
            }
        }
    }
    return bits.finish();
}

}  // namespace

std::string encode_jpeg(Picture const& picture) {
    std::string out = "\xff\xd8";
    append_segment(out, 0xe0, std::string_view("JFIF\0\x01\x01\0\0\x01\0\x01\0\0", 14));
    append_segment(out, 0xdb, std::string(1, '\0') + std::string(64, static_cast<char>(kStep)));
    std::string frame = "\x08";  // bits a component
    append_short(frame, picture.height);
    append_short(frame, picture.width);
    frame += '\x03';
    for (char id = 1; id <= 3; ++id) frame += {id, '\x11', '\0'};
    append_segment(out, 0xc0, frame);
    append_segment(out, 0xc4, huffman_tables());
    append_segment(out, 0xda, std::string_view("\x03\x01\0\x02\0\x03\0\0\x3f\0", 10));
    out += scan_of(picture);
    out += "\xff\xd9";
    return out;
}

}  // namespace aipress::poc
