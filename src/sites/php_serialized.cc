#include "sites/php_serialized.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <optional>

namespace aipress::sites {
namespace {

// What PHP's trim() takes away.
std::string_view trimmed(std::string_view text) {
    static constexpr std::string_view kBlanks(" \n\r\t\v\0", 6);
    auto const begin = text.find_first_not_of(kBlanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    Result<void> all() {
        TRY(value(0));
        if (at_ != text_.size()) return wrong("something stands behind the value");
        return {};
    }

private:
    [[nodiscard]] Error wrong(std::string_view what) const {
        return {ErrorCode::InvalidArgument, fmt::format("byte {}: {}", at_, what)};
    }
    [[nodiscard]] bool take(char expected) {
        if (at_ == text_.size() || text_[at_] != expected) return false;
        ++at_;
        return true;
    }
    Result<void> need(char expected) {
        if (take(expected)) return {};
        if (at_ == text_.size()) return wrong("the value is cut off");
        return wrong(fmt::format("'{}' is missing", expected));
    }
    // Up to `end`, which is taken too.
    Result<std::string_view> until(char end) {
        auto const found = text_.find(end, at_);
        if (found == text_.npos) return wrong(fmt::format("'{}' is missing", end));
        auto const part = text_.substr(at_, found - at_);
        at_ = found + 1;
        return part;
    }
    Result<std::uint64_t> number(char end) {
        auto const begin = at_;
        auto const digits = TRY(until(end));
        std::uint64_t number = 0;
        auto const [last, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (failure == std::errc() && last == digits.data() + digits.size()) return number;
        at_ = begin;
        return wrong("a number is missing");
    }
    // 3:"abc", up to the closing quote.
    Result<std::string_view> counted() {
        auto const length = TRY(number(':'));
        TRY(need('"'));
        auto const bytes = TRY(counted_bytes(length));
        TRY(need('"'));
        return bytes;
    }
    Result<std::string_view> counted_bytes(std::uint64_t length) {
        if (length > text_.size() - at_) return wrong("the length is past the end");
        auto const bytes = text_.substr(at_, length);
        at_ += length;
        return bytes;
    }
    Result<void> integer() {
        auto const begin = at_;
        auto digits = TRY(until(';'));
        if (digits.starts_with('+')) {
            digits.remove_prefix(1);
            if (digits.starts_with('-')) digits = {};
        }
        std::int64_t number = 0;
        auto const [last, failure] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (failure == std::errc() && last == digits.data() + digits.size()) return {};
        at_ = begin;
        return wrong("no 64-bit integer");
    }
    Result<void> real() {
        auto const begin = at_;
        auto const digits = TRY(until(';'));
        if (digits == "NAN" || digits == "INF" || digits == "-INF" || is_real(digits)) return {};
        at_ = begin;
        return wrong("no number");
    }
    // [+-] digits [. digits] [e [+-] digits], where one side of the point may have none.
    static bool is_real(std::string_view text) {
        auto const take_digits = [&] {
            auto const count = static_cast<std::size_t>(
                std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
            text.remove_prefix(count);
            return count > 0;
        };
        auto const take_sign = [&] {
            if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        };
        take_sign();
        bool has_digits = take_digits();
        if (text.starts_with('.')) {
            text.remove_prefix(1);
            has_digits = take_digits() || has_digits;
        }
        if (!has_digits) return false;
        if (text.starts_with('e') || text.starts_with('E')) {
            text.remove_prefix(1);
            take_sign();
            if (!take_digits()) return false;
        }
        return text.empty();
    }

    Result<void> key() {
        if (text_.substr(at_, 2) == "i:") {
            at_ += 2;
            return integer();
        }
        if (text_.substr(at_, 2) == "s:") {
            at_ += 2;
            TRY(counted());
            return need(';');
        }
        return wrong("a key is no integer and no string");
    }
    // 2:{ key value key value }
    Result<void> members(unsigned depth) {
        auto const count = TRY(number(':'));
        TRY(need('{'));
        // The shortest member is i:0;N; and so a count is refused before it is believed.
        if (count > (text_.size() - at_) / 6) return wrong("there are fewer members than said");
        for (std::uint64_t i = 0; i < count; ++i) {
            TRY(key());
            TRY(value(depth + 1));
        }
        return need('}');
    }
    Result<void> class_name() {
        auto const name = TRY(counted());
        bool const is_name =
            !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
                auto const byte = static_cast<unsigned char>(letter);
                return byte >= 0x80 || is_digit(letter) || letter == '_' || letter == '\\' ||
                       (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
            });
        if (!is_name) return wrong("no name of a class");
        return need(':');
    }
    Result<void> own_format() {
        TRY(class_name());
        auto const length = TRY(number(':'));
        TRY(need('{'));
        TRY(counted_bytes(length));
        // What it numbers inside counts too, and only its class knows how much that is.
        are_values_counted_ = false;
        return need('}');
    }
    Result<void> enumeration() {
        auto const name = TRY(counted());
        auto const colon = name.find(':');
        if (colon == name.npos || colon == 0 || colon + 1 == name.size()) {
            return wrong("no case of an enumeration");
        }
        return need(';');
    }
    enum class Reference { ToVariable, ToObject };  // R: and r:
    Result<void> reference(Reference kind) {
        auto const begin = at_;
        auto const number = TRY(this->number(';'));
        // An "r:" is a value itself, and none can be its own.
        auto const known = kind == Reference::ToObject ? values_ - 1 : values_;
        if (number >= 1 && (number <= known || !are_values_counted_)) return {};
        at_ = begin;
        return wrong("a reference to a value that is not there");
    }

    Result<void> value(unsigned depth) {
        if (depth > kPhpDepthMost) return wrong("nested too deeply");
        if (at_ == text_.size()) return wrong("the value is cut off");
        char const type = text_[at_++];
        if (type != 'R') ++values_;
        if (type == 'N') return need(';');
        if (auto colon = need(':'); !colon.ok()) return colon;
        switch (type) {
            case 'b': {
                if (!take('0') && !take('1')) return wrong("neither 0 nor 1");
                return need(';');
            }
            case 'i':
                return integer();
            case 'd':
                return real();
            case 's':
                TRY(counted());
                return need(';');
            case 'a':
                return members(depth);
            case 'O':
                TRY(class_name());
                return members(depth);
            case 'C':
                return own_format();
            case 'E':
                return enumeration();
            case 'R':
                return reference(Reference::ToVariable);
            case 'r':
                return reference(Reference::ToObject);
            default:
                at_ -= 2;
                return wrong("no type of PHP's");
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint64_t values_ = 0;
    bool are_values_counted_ = true;
};

}  // namespace

Result<void> check_php_serialized(std::string_view text) {
    return Reader(trimmed(text)).all();
}

bool looks_php_serialized(std::string_view text) {
    text = trimmed(text);
    if (text == "N;") return true;
    if (text.size() < 4 || text[1] != ':') return false;
    auto const rest = text.substr(2);
    switch (text[0]) {
        case 'd':
            if (rest == "INF;" || rest == "-INF;" || rest == "NAN;") return true;
            [[fallthrough]];
        case 'b':
        case 'i':
            return rest.back() == ';' &&
                   rest.find_first_not_of("0123456789.E+-") == rest.size() - 1;
        case 's':
        case 'a':
        case 'O':
        case 'C':
        case 'E': {
            auto const digits = rest.find_first_not_of("0123456789");
            if (digits == 0 || digits == rest.npos || rest[digits] != ':') return false;
            auto const next = rest.substr(digits + 1, 1);
            return next.empty() || next == (text[0] == 'a' ? "{" : "\"");
        }
        default:
            return false;
    }
}

}  // namespace aipress::sites
