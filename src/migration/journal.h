// The journal of one tenant's migration: what was to be done, what was begun and what is done, each
// on disk before it happens. Whoever opens it next, on whatever machine the folder is, carries on.
//
// Format: json/record_file.h, with the header {"aipress_migration":1,…}. Nothing in it is secret.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/probe.h"
#include "base/result.h"
#include "fleet/home.h"
#include "json/record_file.h"

namespace aipress::migration {

//     running ──► moved ──► completed
//        │          │
//        └────┬─────┘
//             ▼
//        rolling-back ──► rolled-back
enum class State {
    Running,      // steps are to be done; the old home serves, or the new one since the switch
    Moved,        // the new home serves, and the old one is kept current
    Completed,    // there is no way back but by the backup
    RollingBack,  // what was done is undone, the last first
    RolledBack,   // the old home serves, nothing is left of the new one
};
[[nodiscard]] std::string_view to_string(State state);
[[nodiscard]] bool is_over(State state);  // completed or rolled-back: a new migration may begin

// What can happen to an action.
enum class Event { Begun, Done, Failed, Undoing, Undone };
[[nodiscard]] std::string_view to_string(Event event);

// A line of the journal.
struct Entry {
    WallTime at = {};
    std::string action = {};  // "provision/database"; "" of a change of state
    Event event = Event::Begun;
    std::optional<State> state = std::nullopt;
    std::string reason = {};         // of a failure or a change of state
    boost::json::object facts = {};  // what is needed to carry on, or to undo it
};

// How far an action is, by its last entry.
struct ActionRecord {
    Event event = Event::Begun;
    std::size_t order = 0;            // in which they were begun first
    boost::json::object before = {};  // facts of Begun: as things were
    boost::json::object after = {};   // facts of Done: what came of it
};

struct Header {
    std::string id = {};  // "20261130-163000-1f2e3d4c"
    fleet::Relocation relocation = {};
    boost::json::object options = {};
};

struct JournalContent {
    Header header = {};
    WallTime begun_at = {};
    State state = State::Running;
    std::string reason = {};  // of that state
    std::vector<Entry> entries = {};
    std::map<std::string, ActionRecord, std::less<>> actions = {};

    [[nodiscard]] bool is_done(std::string_view action) const;
    // Begun, and not undone since: something of it may be there.
    [[nodiscard]] bool is_begun(std::string_view action) const;
    // The facts of Done, else those of Begun, else none.
    [[nodiscard]] boost::json::object facts(std::string_view action) const;
    // Those of Begun.
    [[nodiscard]] boost::json::object before(std::string_view action) const;
};

// Thread safe. Every entry is on disk when its call returns.
class Journal {
public:
    // Makes a journal. Errors: AlreadyExists when there is one; those of json::RecordFile.
    [[nodiscard]] static Result<std::unique_ptr<Journal>> create(std::string const& path,
                                                                 Header const& header, Clock& clock,
                                                                 Probe& probe);
    // Errors: NotFound; Unavailable when another process holds it; DataLoss.
    [[nodiscard]] static Result<std::unique_ptr<Journal>> open(std::string const& path,
                                                               Clock& clock, Probe& probe);
    // Read only, without the lock. Errors: NotFound, DataLoss.
    [[nodiscard]] static Result<JournalContent> read(std::string const& path);

    [[nodiscard]] JournalContent content() const;

    Result<void> note(std::string const& action, Event event, boost::json::object facts = {},
                      std::string const& reason = {});
    Result<void> set_state(State state, std::string const& reason);

private:
    Journal(json::RecordFile file, JournalContent content, Clock& clock)
        : file_(std::move(file)), content_(std::move(content)), clock_(clock) {}
    Result<void> append(std::string const& what, boost::json::object record);

    mutable std::mutex mutex_;
    json::RecordFile file_;
    JournalContent content_;
    Clock& clock_;
};

}  // namespace aipress::migration
