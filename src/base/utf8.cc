#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

namespace aipress {
namespace {

// How many bytes follow one that begins a character.
constexpr std::size_t kNone = 4;  // it begins none

std::size_t followers(unsigned char first) {
    if (first < 0x80) return 0;
    if (first >= 0xc2 && first <= 0xdf) return 1;
    if (first >= 0xe0 && first <= 0xef) return 2;
    if (first >= 0xf0 && first <= 0xf4) return 3;
    return kNone;
}

// Neither written longer than it must be, nor a surrogate, nor past the last character.
bool is_character(std::uint32_t value, std::size_t count) {
    if (count == 2) return value >= 0x800 && (value < 0xd800 || value > 0xdfff);
    if (count == 3) return value >= 0x10000 && value <= 0x10ffff;
    return true;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto const first = static_cast<unsigned char>(bytes[at]);
        auto const count = followers(first);
        if (count == kNone || bytes.size() - at <= count) return false;
        std::uint32_t value = first & (0x3fu >> count);
        for (std::size_t i = 0; i < count; ++i) {
            auto const next = static_cast<unsigned char>(bytes[++at]);
            if ((next & 0xc0u) != 0x80) return false;
            value = (value << 6) | (next & 0x3fu);
        }
        if (!is_character(value, count)) return false;
    }
    return true;
}

}  // namespace aipress
