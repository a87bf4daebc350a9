// What a site has, as its REST API counts it: to be compared before and after a move.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "sites/visit.h"

namespace aipress::sites {

struct ContentFacts {
    std::string title = {};
    std::string tagline = {};
    std::string home = {};
    std::string theme = {};  // the folder of the active one, as the front page shows it
    enum class Permalinks { Unknown, Pretty, Plain };
    Permalinks permalinks = Permalinks::Unknown;
    std::string newest_post = {};  // its address, without scheme and host: "/hello-world/"
    // Published ones. nullopt: the API does not say (a plugin may hide it).
    std::optional<std::uint64_t> posts = {};
    std::optional<std::uint64_t> pages = {};
    std::optional<std::uint64_t> comments = {};
    std::optional<std::uint64_t> media = {};

    bool operator==(ContentFacts const&) const = default;
};

// Errors: those of Visitor; FailedPrecondition when the front page is an error's. A site without a
// REST API has few facts.
[[nodiscard]] Result<ContentFacts> read_content_facts(Context const& context, Visitor& visitor);

struct FactDifference {
    enum class Kind {
        Lost,     // fewer than before
        Grown,    // more: visitors have written meanwhile
        Changed,  // another text
    };
    Kind kind = Kind::Changed;
    std::string what = {};  // "posts"
    std::string before = {};
    std::string after = {};
};
// In the order of the members. What was not known before is no difference, what is not known any
// more is Lost. Of home its host counts: `after` may come by another vantage point's scheme.
[[nodiscard]] std::vector<FactDifference> compare_facts(ContentFacts const& before,
                                                        ContentFacts const& after);

}  // namespace aipress::sites
