#include "mover/row_key.h"

#include "base/assert.h"

namespace aipress::mover {

void append_key_part(RowKey& key, std::string_view part) {
    std::size_t length = part.size();
    while (length >= 0x80) {
        key += static_cast<char>(length | 0x80);
        length >>= 7;
    }
    key += static_cast<char>(length);
    key += part;
}

std::vector<std::string_view> key_parts(std::string_view key) {
    std::vector<std::string_view> parts;
    while (!key.empty()) {
        std::size_t length = 0;
        unsigned shift = 0;
        unsigned char byte = 0;
        do {
            ASSERT(!key.empty() && shift < 64);
            byte = static_cast<unsigned char>(key.front());
            key.remove_prefix(1);
            length |= static_cast<std::size_t>(byte & 0x7f) << shift;
            shift += 7;
        } while ((byte & 0x80) != 0);
        ASSERT(length <= key.size());
        parts.push_back(key.substr(0, length));
        key.remove_prefix(length);
    }
    return parts;
}

}  // namespace aipress::mover
