#include "sandbox/partial_response.h"

#include <fmt/format.h>
#include <vector>

namespace aipress::sandbox {
namespace {

constexpr std::size_t kDepthMost = 32;
constexpr std::string_view kEverything = "*";

}  // namespace

// list := item ("," item)*; item := name ("/" item | "(" list ")")?
class PartialResponse::Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<void> list(PartialResponse& into, std::size_t depth) {
        do {
            TRY(item(into, depth));
        } while (skip(','));
        return {};
    }
    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] Error error() const {
        return {ErrorCode::InvalidArgument,
                fmt::format("Invalid field selection {}", text_.substr(0, 200))};
    }

private:
    Result<void> item(PartialResponse& into, std::size_t depth) {
        auto const name = take_name();
        if (name.empty() || depth > kDepthMost) return error();
        auto const known = into.children_.find(name);
        bool const is_whole = known != into.children_.end() && known->second.children_.empty();
        auto& child = into.children_[std::string(name)];
        PartialResponse wanted;
        if (skip('/')) {
            TRY(item(wanted, depth + 1));
        } else if (skip('(')) {
            TRY(list(wanted, depth + 1));
            if (!skip(')')) return error();
        }
        // "a,a/b" is all of a.
        if (is_whole || wanted.children_.empty()) {
            child.children_.clear();
        } else {
            merge(child, wanted);
        }
        return {};
    }
    static void merge(PartialResponse& into, PartialResponse& from) {
        into.children_.merge(from.children_);
        // What is left there is in both.
        for (auto& [name, inner] : from.children_) {
            auto& same = into.children_[name];
            if (same.children_.empty() || inner.children_.empty()) {
                same.children_.clear();
            } else {
                merge(same, inner);
            }
        }
    }
    std::string_view take_name() {
        auto const begin = at_;
        while (at_ < text_.size() &&
               std::string_view("/(),").find(text_[at_]) == std::string_view::npos)
            ++at_;
        return text_.substr(begin, at_ - begin);
    }
    bool skip(char wanted) {
        if (at_ == text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

Result<PartialResponse> PartialResponse::parse(std::string_view fields) {
    PartialResponse parsed;
    Parser parser(fields);
    TRY(parser.list(parsed, 0));
    if (!parser.at_end()) return parser.error();
    return parsed;
}

void PartialResponse::apply(boost::json::value& reply) const {
    if (children_.empty()) return;
    if (auto* list = reply.if_array()) {
        for (auto& one : *list) apply(one);
        return;
    }
    auto* object = reply.if_object();
    if (object == nullptr) return;
    auto const everything = children_.find(kEverything);
    std::vector<std::string> unwanted;
    for (auto& [name, value] : *object) {
        auto const named = children_.find(std::string_view(name));
        auto const wanted = named != children_.end() ? named : everything;
        if (wanted == children_.end()) {
            unwanted.emplace_back(name);
        } else {
            wanted->second.apply(value);
        }
    }
    for (auto const& name : unwanted) object->stable_erase(name);
}

}  // namespace aipress::sandbox
