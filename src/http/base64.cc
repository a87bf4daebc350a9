#include "http/base64.h"

#include <algorithm>
#include <openssl/evp.h>

namespace aipress::http {
namespace {

unsigned char const* bytes_of(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL writes a NUL behind it
    auto const length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                        bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::string encode_base64url(std::string_view bytes) {
    auto text = encode_base64(bytes);
    text.resize(text.find_last_not_of('=') + 1);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    std::string standard(text.substr(0, text.find_last_not_of('=') + 1));
    std::replace(standard.begin(), standard.end(), '-', '+');
    std::replace(standard.begin(), standard.end(), '_', '/');
    auto const padding = (4 - standard.size() % 4) % 4;
    auto const given = text.size() - standard.size();
    // "=" in the middle would be taken for a zero.
    bool const is_inside = standard.find('=') != standard.npos;
    if (padding == 3 || is_inside || (given != 0 && given != padding)) return std::nullopt;
    standard.append(padding, '=');
    std::string bytes(standard.size() / 4 * 3, '\0');
    auto const length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                        bytes_of(standard), static_cast<int>(standard.size()));
    if (length < 0) return std::nullopt;
    bytes.resize(bytes.size() - padding);
    return bytes;
}

}  // namespace aipress::http
