#include <algorithm>
#include <map>

#include "poc/picture.h"

namespace aipress::poc {
namespace {

constexpr unsigned kClear = 256;
constexpr unsigned kEnd = 257;
constexpr unsigned kFirstFree = 258;
constexpr unsigned kCodesMost = 4096;

void append_short(std::string& out, unsigned number) {
    out += static_cast<char>(number & 255);
    out += static_cast<char>(number >> 8 & 255);
}

// LZW of 8 bit points, its codes packed from the low bit on.
class Packer {
public:
    std::string pack(std::vector<std::uint8_t> const& points) {
        put(kClear);
        unsigned prefix = points.front();
        for (std::size_t i = 1; i < points.size(); ++i) {
            auto const key = prefix << 8 | points[i];
            auto const known = codes_.find(key);
            if (known != codes_.end()) {
                prefix = known->second;
                continue;
            }
            put(prefix);
            add(key);
            prefix = points[i];
        }
        put(prefix);
        // The decoder makes an entry of this last code as well.
        if (next_ == 1u << width_ && width_ < 12) ++width_;
        put(kEnd);
        if (bits_ > 0) bytes_ += static_cast<char>(held_ & 255);
        return std::move(bytes_);
    }

private:
    void put(unsigned code) {
        held_ |= std::uint64_t{code} << bits_;
        for (bits_ += width_; bits_ >= 8; bits_ -= 8, held_ >>= 8) {
            bytes_ += static_cast<char>(held_ & 255);
        }
    }
    void add(unsigned key) {
        if (next_ == kCodesMost) {
            put(kClear);
            codes_.clear();
            next_ = kFirstFree;
            width_ = 9;
            return;
        }
        codes_[key] = next_;
        if (next_ == 1u << width_) ++width_;
        ++next_;
    }

    std::string bytes_;
    std::uint64_t held_ = 0;
    unsigned bits_ = 0;
    unsigned width_ = 9;
    unsigned next_ = kFirstFree;
    std::map<unsigned, unsigned> codes_;
};

}  // namespace

std::string encode_gif(Picture const& picture) {
    std::string out = "GIF89a";
    append_short(out, picture.width);
    append_short(out, picture.height);
    out += '\xf7';                // a palette of 256 colours of 8 bits
    out += std::string(2, '\0');  // background, aspect
    for (auto const& colour : picture.palette) {
        for (auto const part : {colour.red, colour.green, colour.blue}) {
            out += static_cast<char>(part);
        }
    }
    out += ',';
    append_short(out, 0);
    append_short(out, 0);
    append_short(out, picture.width);
    append_short(out, picture.height);
    out += '\0';
    out += '\x08';  // bits a point
    auto const packed = Packer().pack(picture.points);
    for (std::size_t at = 0; at < packed.size(); at += 255) {
        auto const count = std::min<std::size_t>(255, packed.size() - at);
        out += static_cast<char>(count);
        out.append(packed, at, count);
    }
    out += '\0';
    out += ';';
    return out;
}

}  // namespace aipress::poc
