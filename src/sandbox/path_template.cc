#include "sandbox/path_template.h"

#include <algorithm>

#include "base/assert.h"
#include "http/target.h"

namespace aipress::sandbox {
namespace {

constexpr std::string_view kOneSegment = "[^/]+";

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    while (true) {
        auto const slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace

PathTemplate::PathTemplate(std::string_view text, PathParameters const& patterns) {
    ASSERT(text.starts_with('/'));
    text.remove_prefix(1);
    auto const brace = text.rfind('}');
    if (brace != std::string_view::npos && text.substr(brace + 1).starts_with(':')) {
        verb_ = text.substr(brace + 2);
        text = text.substr(0, brace + 1);
    }
    for (auto const part : split(text)) {
        if (!part.starts_with('{')) {
            segments_.push_back({Kind::Literal, std::string(part)});
            continue;
        }
        ASSERT(part.ends_with('}'));
        bool const spans = part.starts_with("{+");
        std::string const name(part.substr(spans ? 2 : 1, part.size() - (spans ? 3 : 2)));
        auto const begin = segments_.size();
        auto const pattern = patterns.find(name);
        if (spans && pattern != patterns.end()) {
            add_pattern(pattern->second);
        } else {
            segments_.push_back({spans ? Kind::Rest : Kind::Any, {}});
        }
        captures_.push_back({name, begin, segments_.size()});
    }
    auto const literals = std::count_if(segments_.begin(), segments_.end(), [](Segment const& one) {
        return one.kind == Kind::Literal;
    });
    specificity_ = static_cast<std::size_t>(literals) * 2 + (verb_.empty() ? 0 : 1);
}

void PathTemplate::add_pattern(std::string_view pattern) {
    ASSERT(pattern.starts_with('^') && pattern.ends_with('$'));
    pattern = pattern.substr(1, pattern.size() - 2);
    while (!pattern.empty()) {
        if (pattern.starts_with(kOneSegment)) {
            segments_.push_back({Kind::Any, {}});
            pattern.remove_prefix(kOneSegment.size());
        } else if (pattern == ".*") {
            segments_.push_back({Kind::Rest, {}});
            pattern = {};
        } else {
            auto const slash = std::min(pattern.find('/'), pattern.size());
            segments_.push_back({Kind::Literal, std::string(pattern.substr(0, slash))});
            pattern.remove_prefix(slash);
        }
        if (pattern.starts_with('/')) pattern.remove_prefix(1);
    }
}

std::optional<PathParameters> PathTemplate::match(std::string_view path) const {
    if (!path.starts_with('/')) return std::nullopt;
    path.remove_prefix(1);
    if (!verb_.empty()) {
        if (!path.ends_with(verb_)) return std::nullopt;
        path.remove_suffix(verb_.size());
        if (!path.ends_with(':')) return std::nullopt;
        path.remove_suffix(1);
    }
    auto const parts = split(path);
    bool const has_rest = !segments_.empty() && segments_.back().kind == Kind::Rest;
    if (has_rest ? parts.size() < segments_.size() : parts.size() != segments_.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        if (parts[i].empty()) return std::nullopt;
        if (segments_[i].kind == Kind::Literal && segments_[i].text != parts[i]) {
            return std::nullopt;
        }
    }
    PathParameters parameters;
    for (auto const& capture : captures_) {
        bool const to_the_end = has_rest && capture.end == segments_.size();
        auto const end = to_the_end ? parts.size() : capture.end;
        std::string value;
        for (auto i = capture.begin; i < end; ++i) {
            value += (i == capture.begin ? "" : "/") + http::decode_path(parts[i]);
        }
        parameters.emplace(capture.name, std::move(value));
    }
    return parameters;
}

}  // namespace aipress::sandbox
