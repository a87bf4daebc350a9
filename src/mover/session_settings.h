// A session that is something else for the length of one job. Internal to mover/.
#pragma once

#include <string_view>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::mover {

// What the text of SHOW CREATE TABLE has to be sent in: its strings are UTF-8, where the mover's
// sessions otherwise send bytes.
inline constexpr std::string_view kDefinitionSession = "SET NAMES utf8mb4, foreign_key_checks = 0";
// Back to what every session of the mover speaks.
inline constexpr std::string_view kDataSession = "SET NAMES binary";

// Runs `set`, then the body, then `restore`, whatever the body says. The body's error comes first.
template <typename Body>
Result<void> in_session(Context const& context, mysql::Connection& connection, std::string_view set,
                        std::string_view restore, Body&& body) {
    TRY(connection.execute(context, set));
    Result<void> done = std::forward<Body>(body)();
    if (!connection.usable()) return done;
    auto restored = connection.execute(context, restore);
    if (done.ok() && !restored.ok()) return restored.release_error();
    return done;
}

}  // namespace aipress::mover
