#include "pooler/statements.h"

#include <charconv>
#include <fmt/format.h>

namespace aipress::pooler {
namespace {

constexpr std::string_view kComment = "aipress-tenant=";

}  // namespace

std::string quoted(std::string_view text) {
    std::string result = "'";
    for (char const c : text) result += c == '\'' ? std::string("''") : std::string(1, c);
    return result + "'";
}

std::string table(Layer layer, std::string_view name) {
    switch (layer) {
        case Layer::Memory:
            return fmt::format("main.{}", name);
        case Layer::Runtime:
            return fmt::format("main.runtime_{}", name);
        case Layer::Disk:
            return fmt::format("disk.{}", name);
    }
    return "";
}

unsigned number(std::string const& text) {
    unsigned value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string comment_of(std::string_view tenant) {
    return fmt::format("{}{}", kComment, tenant);
}

std::string tenant_of(std::string_view comment) {
    return comment.starts_with(kComment) ? std::string(comment.substr(kComment.size())) : "";
}

}  // namespace aipress::pooler
