// Whether a site is whole, as WordPress sees it: named checks, each with what was expected and what
// was found. For the new home before the switch (by the service's URL), and for both after it.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "sites/facts.h"
#include "sites/probe.h"
#include "sites/session.h"
#include "sites/visit.h"

namespace aipress::sites {

// A file as its bucket has it.
struct ExpectedFile {
    std::string target = {};  // "/wp-content/uploads/2024/01/a.jpg", percent-encoded
    std::uint64_t bytes = 0;
    std::string sha256 = {};
};

struct ValidationInput {
    SitePlan plan = {};                        // from before the move
    std::optional<ContentFacts> before = {};   // likewise
    std::vector<ExpectedFile> files = {};      // besides that of the plan
    std::optional<Login> administrator = {};   // may see the dashboard
    std::optional<Session> open_session = {};  // opened before the move
};

enum class CheckOutcome { Pass, Fail, Skipped };
[[nodiscard]] std::string_view to_string(CheckOutcome outcome);  // "pass"

struct Check {
    std::string name = {};
    CheckOutcome outcome = CheckOutcome::Pass;
    std::string expected = {};
    std::string actual = {};
    std::string reason = {};  // why it was skipped
};

// No secret is in it.
struct Validation {
    std::string vantage_point = {};
    std::vector<Check> checks = {};

    [[nodiscard]] bool passed() const;  // nothing has failed
    [[nodiscard]] std::vector<Check> failed() const;
    [[nodiscard]] Check const* find(std::string_view name) const;
};

// Makes all checks, whatever they say:
//   "front page", "post", "login page", "REST API", "media file"   as probe()
//   "identity"               title and home
//   "content"                no fewer posts, pages, comments, media than before; theme, tagline
//   "media file PATH"        each of `files`, byte for byte
//   "permalinks"             the newest post's link leads to it
//   "cron"                   wp-cron.php answers 200 (and does what is due, as any visit would)
//   "administrator's login", "open session"
// Errors: Cancelled and DeadlineExceeded of the context.
[[nodiscard]] Result<Validation> validate(Context const& context, Visitor& visitor,
                                          ValidationInput const& input);

[[nodiscard]] boost::json::object to_json(Validation const& validation);

}  // namespace aipress::sites
