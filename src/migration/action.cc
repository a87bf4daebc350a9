#include "migration/action.h"

#include <algorithm>
#include <optional>

namespace aipress::migration {
namespace {

std::size_t order_of(JournalContent const& content, Action const& action) {
    auto const at = content.actions.find(action.name);
    return at == content.actions.end() ? 0 : at->second.order;
}

}  // namespace

Result<Facts> perform(Context const& context, Journal& journal, Action const& action,
                      Repeat repeat) {
    auto const content = journal.content();
    if (content.is_done(action.name) && repeat == Repeat::Never) return content.facts(action.name);
    Facts before;
    if (content.is_begun(action.name)) {
        before = content.actions.find(action.name)->second.before;
    } else if (action.look) {
        before = TRY(action.look(context).in_context(action.name));
    }
    TRY(journal.note(action.name, Event::Begun, before));
    auto done = action.act(context, before);
    if (!done.ok()) {
        auto error = done.release_error().in_context(action.name);
        // The journal's own failure would hide why.
        (void)journal.note(action.name, Event::Failed, {}, error.message());
        return error;
    }
    TRY(journal.note(action.name, Event::Done, done.value()));
    return done;
}

Result<void> undo(Context const& context, Journal& journal, Action const& action) {
    auto const content = journal.content();
    if (!content.is_begun(action.name)) return {};
    TRY(journal.note(action.name, Event::Undoing));
    if (action.undo) {
        auto undone = action.undo(context, content.actions.find(action.name)->second);
        if (!undone.ok()) {
            auto error = undone.release_error().in_context("undoing " + action.name);
            (void)journal.note(action.name, Event::Failed, {}, error.message());
            return error;
        }
    }
    return journal.note(action.name, Event::Undone);
}

Result<void> undo_all(Context const& context, Journal& journal, std::vector<Action> actions) {
    auto const content = journal.content();
    std::stable_sort(actions.begin(), actions.end(), [&](Action const& one, Action const& other) {
        return order_of(content, one) > order_of(content, other);
    });
    std::optional<Error> first;
    for (auto const& action : actions) {
        if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped");
        auto const undone = undo(context, journal, action);
        if (undone.ok()) continue;
        if (!first) first = undone.error();
        if (action.if_undo_fails == IfUndoFails::Stop) break;
    }
    if (first) return *first;
    return {};
}

}  // namespace aipress::migration
