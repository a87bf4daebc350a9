// The fields that record data is made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::sandbox::dns {

struct Token {
    std::string raw;    // as it was written, quotes and escapes and all
    std::string bytes;  // what it means
};

// Parts between blanks; a blank in quotes or after a backslash is none. nullopt for a quote that
// is not closed, an escape that is none, a comment or a bracket (they have no place in a record
// set).
[[nodiscard]] std::optional<std::vector<Token>> split_fields(std::string_view text);

enum class Field {
    Address4,
    Address6,
    Name,
    Number8,
    Number16,
    Number32,
    Text,        // a character-string
    Tag,         // letters and digits
    HexRest,     // all that is left
    Base64Rest,  // all that is left
    TextRest,    // one or more character-strings
    ServiceParameters,
    IpsecGateway,  // and the key: depends on the fields before
};

// The canonical form of one token. REQUIRES: no field that takes all that is left.
[[nodiscard]] std::optional<std::string> canonical_field(Field field, Token const& token);
[[nodiscard]] std::optional<std::string> canonical_hex(std::string_view digits);
[[nodiscard]] std::optional<std::string> canonical_base64(std::string_view text);
// "alpn=\"h2,h3\"", RFC 9460: the parameters that have a presentation of their own.
[[nodiscard]] std::optional<std::string> canonical_service_parameter(Token const& token);

}  // namespace aipress::sandbox::dns
