#include "mysql/connection.h"

namespace aipress::mysql {

std::string quote_identifier(std::string_view name) {
    std::string quoted = "`";
    for (char c : name) {
        if (c == '`') quoted += '`';
        quoted += c;
    }
    quoted += '`';
    return quoted;
}

void append_quoted(std::string& out, std::string_view bytes) {
    out += '\'';
    std::size_t begin = 0;
    auto const flush = [&](std::size_t end) {
        out.append(bytes, begin, end - begin);
        begin = end + 1;
    };
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        char replacement = 0;
        switch (bytes[i]) {
            case '\0':
                replacement = '0';
                break;
            case '\'':
                replacement = '\'';
                break;
            case '\\':
                replacement = '\\';
                break;
            case '\n':
                replacement = 'n';
                break;
            case '\r':
                replacement = 'r';
                break;
            case '\x1a':
                replacement = 'Z';
                break;
            default:
                continue;
        }
        flush(i);
        out += '\\';
        out += replacement;
    }
    flush(bytes.size());
    out += '\'';
}

std::string quote_text(std::string_view text) {
    std::string quoted;
    quoted.reserve(text.size() + 2);
    append_quoted(quoted, text);
    return quoted;
}

}  // namespace aipress::mysql
