#include "sandbox/pretty_json.h"

#include <algorithm>

namespace aipress::sandbox {
namespace {

constexpr std::size_t kIndent = 2;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// One past the end of the string that begins at `begin`.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
    auto at = begin + 1;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    return std::min(at + 1, text.size());
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    while (at < text.size() && is_blank(text[at])) ++at;
    return at;
}

}  // namespace

std::string pretty_json(std::string_view compact) {
    std::string text;
    text.reserve(compact.size() * 2);
    std::size_t depth = 0;
    auto const begin_line = [&] {
        text += '\n';
        text.append(depth * kIndent, ' ');
    };
    for (std::size_t at = skip_blanks(compact, 0); at < compact.size();) {
        char const c = compact[at];
        auto const next = skip_blanks(compact, at + 1);
        if (c == '"') {
            auto const end = end_of_string(compact, at);
            text += compact.substr(at, end - at);
            at = skip_blanks(compact, end);
            continue;
        }
        if (c == '{' || c == '[') {
            text += c;
            bool const is_empty =
                next < compact.size() && (compact[next] == '}' || compact[next] == ']');
            if (is_empty) {
                text += compact[next];
                at = skip_blanks(compact, next + 1);
                continue;
            }
            ++depth;
            begin_line();
        } else if (c == '}' || c == ']') {
            --depth;
            begin_line();
            text += c;
        } else if (c == ',') {
            text += c;
            begin_line();
        } else if (c == ':') {
            text += ": ";
        } else {
            text += c;
        }
        at = next;
    }
    return text + '\n';
}

}  // namespace aipress::sandbox
