#include "poc/base64.h"

#include <cstdint>

namespace aipress::poc {

std::string base64_text(std::string_view bytes) {
    static constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group <<= 8;
            if (at + i < bytes.size()) group |= static_cast<unsigned char>(bytes[at + i]);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += at + i <= bytes.size() ? kLetters[group >> (18 - 6 * i) & 63] : '=';
        }
    }
    return text;
}

}  // namespace aipress::poc
