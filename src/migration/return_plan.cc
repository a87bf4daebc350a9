#include "migration/return_plan.h"

#include <array>
#include <fmt/format.h>

#include "json/fields.h"

namespace aipress::migration {
namespace {

constexpr std::array<std::string_view, 3> kWays{"stream", "old-database", "backup"};

Result<ReturnBy> return_by(std::string_view name) {
    for (std::size_t i = 0; i < kWays.size(); ++i) {
        if (kWays.at(i) == name) return static_cast<ReturnBy>(i);
    }
    return Error(ErrorCode::DataLoss, fmt::format("no way back is called '{}'", name));
}

}  // namespace

std::string_view to_string(ReturnBy by) {
    return kWays.at(static_cast<std::size_t>(by));
}

std::string ReturnPlan::loss() const {
    if (by == ReturnBy::Stream) return "";
    auto count = fmt::format("at least {} changed rows", lost_rows);
    if (!is_counted) count += " and an unknown number more";
    if (!is_counted && lost_rows == 0) count = "an unknown number of changed rows";
    if (by == ReturnBy::OldDatabase) {
        return count +
               " of the new home are lost; the old database serves with every row that was "
               "changed before the stream back broke";
    }
    return fmt::format(
        "everything written since the backup {} of {} is lost, {}; the old database "
        "is restored from it",
        backup.id, backup.taken_at, count);
}

ReturnPlan plan_return(mover::WayBack const& found, std::uint64_t changed_rows,
                       KnownBackup const& backup, std::string const& difference) {
    auto wrong = found.damage;
    if (wrong.empty() && !found.broken.empty()) wrong = found.doubt;
    if (wrong.empty()) wrong = difference;
    if (!wrong.empty()) {
        auto cause = "the old database is not what it was left as: " + wrong;
        if (!found.broken.empty()) cause += ", and the stream back is broken: " + found.broken;
        return {.by = ReturnBy::Backup,
                .cause = std::move(cause),
                .lost_rows = changed_rows + found.writes_to_carry + found.writes_behind_break,
                .is_counted = found.is_counted,
                .backup = backup};
    }
    if (found.broken.empty()) return {};
    return {.by = ReturnBy::OldDatabase,
            .cause = "the stream back is broken: " + found.broken,
            .lost_rows = found.writes_behind_break,
            .is_counted = found.is_counted};
}

boost::json::object to_json(ReturnPlan const& plan) {
    return {{"by", to_string(plan.by)},          {"cause", plan.cause},
            {"lost_rows_least", plan.lost_rows}, {"is_counted", plan.is_counted},
            {"backup", plan.backup.id},          {"taken_at", plan.backup.taken_at}};
}

Result<ReturnPlan> return_plan_of(boost::json::object const& object) {
    ReturnPlan plan;
    plan.by = TRY(return_by(TRY(json::get_string(object, "by"))));
    plan.cause = TRY(json::get_string(object, "cause"));
    plan.lost_rows = static_cast<std::uint64_t>(TRY(json::get_integer(object, "lost_rows_least")));
    plan.is_counted = TRY(json::get_bool(object, "is_counted"));
    plan.backup.id = TRY(json::get_string(object, "backup"));
    plan.backup.taken_at = TRY(json::get_string(object, "taken_at"));
    return plan;
}

}  // namespace aipress::migration
