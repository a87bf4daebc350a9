#include "sandbox/log_filter_tokens.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace aipress::sandbox {
namespace {

using Token = LogFilterToken;

bool is_word_letter(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
           std::string_view("_./%+@*$-").find(letter) != std::string_view::npos ||
           static_cast<unsigned char>(letter) >= 0x80;
}

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Outcome<std::vector<Token>> tokens() {
        std::vector<Token> found;
        while (true) {
            found.push_back(TRY(next()));
            if (found.back().kind == Token::Kind::End) return found;
        }
    }

private:
    Outcome<Token> next() {
        skip_blanks();
        while (text_.starts_with("--")) {  // a comment
            text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
            skip_blanks();
        }
        if (text_.empty()) return Token();
        if (text_.front() == '(') return taken(Token::Kind::Open, 1);
        if (text_.front() == ')') return taken(Token::Kind::Close, 1);
        if (text_.front() == '"') return quoted();
        for (std::string_view const sign : {"!=", ">=", "<=", "=~", "!~", "=", ">", "<", ":"}) {
            if (text_.starts_with(sign)) return taken(Token::Kind::Sign, sign.size());
        }
        return word();
    }
    void skip_blanks() {
        text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
    }
    Token taken(Token::Kind kind, std::size_t size) {
        Token token{.kind = kind, .text = std::string(text_.substr(0, size))};
        text_.remove_prefix(size);
        return token;
    }
    Outcome<Token> quoted() {
        Token token{.kind = Token::Kind::Text};
        for (std::size_t at = 1; at < text_.size(); ++at) {
            if (text_[at] == '"') {
                text_.remove_prefix(at + 1);
                return token;
            }
            if (text_[at] == '\\' && at + 1 < text_.size()) ++at;
            token.text += text_[at];
        }
        return unparseable_filter("a quotation mark is not closed");
    }
    // labels."a/b".c is one word: quoted parts are marked by a byte that none holds.
    Outcome<Token> word() {
        Token token{.kind = Token::Kind::Word};
        while (!text_.empty()) {
            if (text_.front() == '"' && token.text.ends_with('.')) {
                auto part = TRY(quoted());
                std::replace(part.text.begin(), part.text.end(), '.', kQuotedPoint);
                token.text += part.text;
                continue;
            }
            if (!is_word_letter(text_.front())) break;
            token.text += text_.front();
            text_.remove_prefix(1);
        }
        if (token.text.empty()) {
            return unparseable_filter(fmt::format("unexpected '{}'", text_.front()));
        }
        return token;
    }

    std::string_view text_;
};

}  // namespace

Outcome<std::vector<LogFilterToken>> log_filter_tokens(std::string_view text) {
    return Lexer(text).tokens();
}

ApiError unparseable_filter(std::string_view why) {
    return {.code = ErrorCode::InvalidArgument,
            .message = fmt::format("Unparseable filter: {}", why)};
}

}  // namespace aipress::sandbox
