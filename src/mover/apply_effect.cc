#include "mover/apply_effect.h"

#include <algorithm>
#include <fmt/format.h>

#include "mover/schema_transfer.h"

namespace aipress::mover {
namespace {

constexpr unsigned kUnknownDatabase = 1049;

}  // namespace

Result<void> apply_effect(Context const& context, mysql::Connection& connection,
                          Effect const& effect, std::string_view sql, EffectLog& log,
                          Probe& probe) {
    TRY(log.intend(effect));
    probe.at(effect.what + ".before");
    TRY(connection.execute(context, sql)
            .in_context(fmt::format("{} {} on the {}", effect.what, effect.object,
                                    to_string(effect.side))));
    probe.at(effect.what + ".after");
    return {};
}

std::string database_on(mysql::Connection const& connection, mysql::Schema const& schema) {
    auto const& database = connection.endpoint().database;
    return database.empty() ? schema.name : database;
}

Result<void> undo_scope(Context const& context, mysql::Connection& connection, Side side,
                        std::string const& scope, EffectLog& log, Probe& probe) {
    auto effects = log.outstanding(side, scope);
    std::reverse(effects.begin(), effects.end());
    for (auto const& effect : effects) {
        probe.at(fmt::format("undo-{}.before", effect.what));
        if (!effect.undo_sql.empty()) {
            auto undone = connection.execute(context, effect.undo_sql);
            // With its database gone, so is whatever was in it.
            if (!undone.ok() && undone.error().native_code() != kUnknownDatabase) {
                return undone.release_error().in_context(fmt::format(
                    "undoing {} {} on the {}", effect.what, effect.object, to_string(side)));
            }
        }
        probe.at(fmt::format("undo-{}.after", effect.what));
        TRY(log.undone(effect));
    }
    return {};
}

}  // namespace aipress::mover
