#include "testing/rehearsal/ledger.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <unordered_set>

namespace aipress::rehearsal {
namespace {

constexpr std::size_t kExamples = 5;

Result<std::unordered_map<std::string, std::string>> stored_comments(Context const& context,
                                                                     mysql::Connection& owner) {
    auto const rows = TRY(owner.query(
        context, fmt::format("SELECT comment_ID, comment_content FROM wp_comments WHERE "
                             "comment_author_email LIKE '{}%'",
                             kVisitorMailPrefix)));
    std::unordered_map<std::string, std::string> stored;
    for (auto const& row : rows.rows) stored.emplace(row[0].value(), row[1].value_or(""));
    return stored;
}

Result<std::unordered_set<std::string>> stored_companions(Context const& context,
                                                          mysql::Connection& owner,
                                                          CompanionTable const& companion) {
    auto const rows =
        TRY(owner.query(context, fmt::format("SELECT DISTINCT {0} FROM {1} WHERE {0} IS NOT NULL",
                                             mysql::quote_identifier(companion.comment_id_column),
                                             mysql::quote_identifier(companion.table))));
    std::unordered_set<std::string> stored;
    for (auto const& row : rows.rows) stored.insert(row[0].value());
    return stored;
}

}  // namespace

void Ledger::add(AcceptedComment comment) {
    {
        std::lock_guard const lock(mutex_);
        entries_.push_back(std::move(comment));
    }
    changed_.notify_all();
}

std::size_t Ledger::size() const {
    std::lock_guard const lock(mutex_);
    return entries_.size();
}

std::size_t Ledger::count_locked(std::string_view database_host) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        entries_, [&](auto const& entry) { return entry.database_host == database_host; }));
}

std::size_t Ledger::count_on(std::string_view database_host) const {
    std::lock_guard const lock(mutex_);
    return count_locked(database_host);
}

std::vector<AcceptedComment> Ledger::entries() const {
    std::lock_guard const lock(mutex_);
    return entries_;
}

Result<void> Ledger::wait_for(Context const& context, std::string_view database_host,
                              std::size_t least) const {
    std::unique_lock lock(mutex_);
    auto const enough = [&] { return count_locked(database_host) >= least; };
    if (context.deadline().is_never()) {
        if (changed_.wait(lock, context.stop(), enough)) return {};
    } else if (changed_.wait_until(
                   lock, context.stop(),
                   context.clock().now() + context.deadline().remaining(context.clock()), enough)) {
        return {};
    }
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped");
    return Error(ErrorCode::DeadlineExceeded,
                 fmt::format("only {} comments were accepted by {}, {} are needed",
                             count_locked(database_host), database_host, least));
}

Result<LedgerCheck> compare(Context const& context, mysql::Connection& owner, Ledger const& ledger,
                            CompanionTable const& companion) {
    auto const stored = TRY(stored_comments(context, owner));
    auto const companions = TRY(stored_companions(context, owner, companion));
    LedgerCheck check;
    for (auto const& entry : ledger.entries()) {
        ++check.accepted;
        auto const id = fmt::format("{}", entry.comment_id);
        auto const found = stored.find(id);
        bool const is_there = found != stored.end() && found->second == entry.text;
        bool const has_companion = companions.contains(id);
        check.missing += is_there ? 0 : 1;
        check.missing_companions += has_companion ? 0 : 1;
        if ((!is_there || !has_companion) && check.examples.size() < kExamples)
            check.examples.push_back(fmt::format(
                "comment {} accepted by {}: {} {}", id, entry.database_host,
                is_there ? "its companion row is missing in" : "missing in wp_comments, beside",
                companion.table));
    }
    check.unacknowledged = stored.size() - (check.accepted - check.missing);
    return check;
}

}  // namespace aipress::rehearsal
