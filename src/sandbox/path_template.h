// A method's path: "/v1/{+parent}/secrets", "/v1/{+name}:access", "/b/{bucket}/o/{object}".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::sandbox {

using PathParameters = std::map<std::string, std::string, std::less<>>;

// Immutable.
class PathTemplate {
public:
    // `patterns`: of the parameters that span several segments, "^projects/[^/]+$"; made of words,
    // "[^/]+" and ".*" only. REQUIRES: the catalogue's own format.
    PathTemplate(std::string_view text, PathParameters const& patterns);

    // The parameters, decoded; nullopt when it does not match. `path` is raw: "a%2Fb" is one
    // segment.
    [[nodiscard]] std::optional<PathParameters> match(std::string_view path) const;
    // How early it is tried: one that says more goes first.
    [[nodiscard]] std::size_t specificity() const { return specificity_; }

private:
    enum class Kind { Literal, Any, Rest };
    struct Segment {
        Kind kind;
        std::string text;  // of a literal
    };
    struct Capture {
        std::string name;
        std::size_t begin;
        std::size_t end;  // of the segments; behind a Rest: all that are left
    };
    void add_pattern(std::string_view pattern);

    std::vector<Segment> segments_;
    std::vector<Capture> captures_;
    std::string verb_;  // "access"
    std::size_t specificity_ = 0;
};

}  // namespace aipress::sandbox
