#include "migration/journal.h"

#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <optional>

#include "json/fields.h"
#include "migration/relocation_json.h"

namespace aipress::migration {
namespace {

namespace bj = boost::json;

constexpr std::string_view kFormat = "aipress_migration";
constexpr int kVersion = 1;

constexpr std::array<std::string_view, 5> kStates{"running", "moved", "completed", "rolling-back",
                                                  "rolled-back"};
constexpr std::array<std::string_view, 5> kEvents{"begun", "done", "failed", "undoing", "undone"};

template <typename Value, std::size_t N>
Result<Value> value_named(std::array<std::string_view, N> const& names, std::string_view name) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names.at(i) == name) return static_cast<Value>(i);
    }
    return Error(ErrorCode::DataLoss, fmt::format("unknown: '{}'", name));
}

std::int64_t milliseconds_of(WallTime time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

bj::object object_in(bj::object const& record, std::string_view field) {
    auto const* const value = record.if_contains(field);
    return value != nullptr && value->is_object() ? value->get_object() : bj::object();
}

Result<void> apply_header(bj::object const& record, JournalContent& content) {
    auto const version = TRY(json::get_integer(record, kFormat));
    if (version != kVersion) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("version {} of the format is not known here", version));
    }
    content.header.id = TRY(json::get_string(record, "id"));
    content.header.relocation = TRY(relocation_of(object_in(record, "relocation")));
    content.header.options = object_in(record, "options");
    content.begun_at = WallTime(milliseconds(TRY(json::get_integer(record, "at"))));
    return {};
}

void apply_to_action(Entry const& entry, JournalContent& content) {
    auto const [at, is_new] = content.actions.try_emplace(entry.action);
    auto& action = at->second;
    if (is_new) action.order = content.actions.size();
    // Begun again after a failure or a crash: what was seen the first time is how things were.
    bool const was_undone = !is_new && action.event == Event::Undone;
    if (entry.event == Event::Begun && (is_new || was_undone)) {
        action.before = entry.facts;
        action.after.clear();
    }
    if (entry.event == Event::Done) action.after = entry.facts;
    action.event = entry.event;
}

Result<void> apply(bj::object const& record, JournalContent& content) {
    if (record.contains(kFormat)) return apply_header(record, content);
    Entry entry;
    entry.at = WallTime(milliseconds(TRY(json::get_integer(record, "at"))));
    if (record.contains("reason")) entry.reason = TRY(json::get_string(record, "reason"));
    entry.facts = object_in(record, "facts");
    if (record.contains("state")) {
        entry.state = TRY(value_named<State>(kStates, TRY(json::get_string(record, "state"))));
        content.state = *entry.state;
        content.reason = entry.reason;
    } else {
        entry.action = TRY(json::get_string(record, "action"));
        entry.event = TRY(value_named<Event>(kEvents, TRY(json::get_string(record, "event"))));
        apply_to_action(entry, content);
    }
    content.entries.push_back(std::move(entry));
    return {};
}

}  // namespace

std::string_view to_string(State state) {
    return kStates.at(static_cast<std::size_t>(state));
}

bool is_over(State state) {
    return state == State::Completed || state == State::RolledBack;
}

std::string_view to_string(Event event) {
    return kEvents.at(static_cast<std::size_t>(event));
}

bool JournalContent::is_done(std::string_view action) const {
    auto const at = actions.find(action);
    return at != actions.end() && at->second.event == Event::Done;
}

bool JournalContent::is_begun(std::string_view action) const {
    auto const at = actions.find(action);
    return at != actions.end() && at->second.event != Event::Undone;
}

bj::object JournalContent::facts(std::string_view action) const {
    auto const at = actions.find(action);
    if (at == actions.end()) return {};
    return at->second.event == Event::Done ? at->second.after : at->second.before;
}

bj::object JournalContent::before(std::string_view action) const {
    auto const at = actions.find(action);
    return at == actions.end() ? bj::object() : at->second.before;
}

Result<std::unique_ptr<Journal>> Journal::create(std::string const& path, Header const& header,
                                                 Clock& clock, Probe& probe) {
    JournalContent content;
    auto file = TRY(json::RecordFile::open(
        path, kFormat, [&](auto const& record) { return apply(record, content); }, probe));
    if (!content.header.id.empty()) {
        return Error(ErrorCode::AlreadyExists, fmt::format("there is a journal {}", path));
    }
    std::unique_ptr<Journal> journal(new Journal(std::move(file), JournalContent(), clock));
    TRY(journal->append("header", {{kFormat, kVersion},
                                   {"id", header.id},
                                   {"relocation", to_json(header.relocation)},
                                   {"options", header.options}}));
    return journal;
}

Result<std::unique_ptr<Journal>> Journal::open(std::string const& path, Clock& clock,
                                               Probe& probe) {
    // Opening makes what is not there.
    if (!std::filesystem::exists(path)) {
        return Error(ErrorCode::NotFound, fmt::format("there is no journal {}", path));
    }
    JournalContent content;
    auto file = TRY(json::RecordFile::open(
        path, kFormat, [&](auto const& record) { return apply(record, content); }, probe));
    if (content.header.id.empty()) {
        return Error(ErrorCode::NotFound, fmt::format("the journal {} is empty", path));
    }
    return std::unique_ptr<Journal>(new Journal(std::move(file), std::move(content), clock));
}

Result<JournalContent> Journal::read(std::string const& path) {
    JournalContent content;
    TRY(json::RecordFile::read(path, kFormat,
                               [&](auto const& record) { return apply(record, content); }));
    return content;
}

JournalContent Journal::content() const {
    std::lock_guard const lock(mutex_);
    return content_;
}

Result<void> Journal::append(std::string const& what, bj::object record) {
    std::lock_guard const lock(mutex_);
    record["at"] = milliseconds_of(clock_.wall_now());
    TRY(file_.append(what, record));
    return apply(record, content_);
}

Result<void> Journal::note(std::string const& action, Event event, bj::object facts,
                           std::string const& reason) {
    bj::object record{{"action", action}, {"event", to_string(event)}};
    if (!facts.empty()) record["facts"] = std::move(facts);
    if (!reason.empty()) record["reason"] = reason;
    return append(fmt::format("{}-{}", action, to_string(event)), std::move(record));
}

Result<void> Journal::set_state(State state, std::string const& reason) {
    return append(std::string(to_string(state)), {{"state", to_string(state)}, {"reason", reason}});
}

}  // namespace aipress::migration
