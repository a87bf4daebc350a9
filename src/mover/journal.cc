#include "mover/journal.h"

#include <algorithm>
#include <fmt/format.h>
#include <random>
#include <utility>

#include "json/fields.h"

namespace aipress::mover {

namespace bj = boost::json;

namespace {

constexpr std::string_view kFormat = "aipress_journal";
constexpr int kVersion = 1;

Result<State> state_of(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(State::RolledBack); ++i) {
        auto const state = static_cast<State>(i);
        if (to_string(state) == name) return state;
    }
    return Error(ErrorCode::DataLoss, fmt::format("unknown state '{}'", name));
}

bj::object to_json(Effect const& effect) {
    return {{"side", std::string(to_string(effect.side))},
            {"scope", effect.scope},
            {"what", effect.what},
            {"object", effect.object},
            {"undo_sql", effect.undo_sql}};
}

Result<Effect> effect_of(bj::value const& value) {
    if (!value.is_object()) return Error(ErrorCode::DataLoss, "an effect that is no object");
    auto const& object = value.get_object();
    Effect effect;
    effect.side = TRY(json::get_string(object, "side")) == "source" ? Side::Source : Side::Target;
    effect.scope = TRY(json::get_string(object, "scope"));
    effect.what = TRY(json::get_string(object, "what"));
    effect.object = TRY(json::get_string(object, "object"));
    effect.undo_sql = TRY(json::get_string(object, "undo_sql"));
    return effect;
}

bj::array accounts_to_json(std::vector<Account> const& accounts) {
    bj::array array;
    for (auto const& account : accounts) array.emplace_back(account.quoted());
    return array;
}

Result<std::vector<Account>> accounts_of(bj::value const& value) {
    if (!value.is_array()) return Error(ErrorCode::DataLoss, "accounts that are no list");
    std::vector<Account> accounts;
    for (auto const& element : value.get_array()) {
        if (!element.is_string()) return Error(ErrorCode::DataLoss, "an account that is no text");
        accounts.push_back(TRY(parse_account(element.get_string())));
    }
    return accounts;
}

Result<void> apply_header(bj::object const& record, JournalContent& content) {
    auto const version = TRY(json::get_integer(record, kFormat));
    if (version != kVersion) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("version {} of the format is not known here", version));
    }
    content.move_id = TRY(json::get_string(record, "move_id"));
    content.source = TRY(json::get_string(record, "source"));
    content.target = TRY(json::get_string(record, "target"));
    return {};
}

// What one record says, added to what those before it said.
Result<void> apply(bj::object const& record, JournalContent& content) {
    if (record.contains(kFormat)) return apply_header(record, content);
    if (record.contains("state")) {
        content.state = TRY(state_of(TRY(json::get_string(record, "state"))));
        if (auto const* report = record.if_contains("report"); report && report->is_object()) {
            content.report = report->get_object();
        }
    } else if (record.contains("owner")) {
        content.owner =
            TRY(json::get_string(record, "owner")) == "source" ? Side::Source : Side::Target;
    } else if (record.contains("paused")) {
        content.paused = TRY(json::get_bool(record, "paused"));
    } else if (record.contains("reverse_kept")) {
        content.reverse_kept = TRY(json::get_bool(record, "reverse_kept"));
    } else if (record.contains("on_switch")) {
        content.on_switch = TRY(json::get_string(record, "on_switch"));
    } else if (auto const* named = record.if_contains("named_accounts")) {
        content.named_accounts = TRY(accounts_of(*named));
    } else if (auto const* accounts = record.if_contains("accounts")) {
        bool const on_source = TRY(json::get_string(record, "side")) == "source";
        (on_source ? content.source_accounts : content.target_accounts) =
            TRY(accounts_of(*accounts));
    } else if (record.contains("rolling_back")) {
        content.rolling_back = TRY(json::get_bool(record, "rolling_back"));
    } else if (record.contains("start")) {
        content.start = TRY(mysql::binlog::parse_position(TRY(json::get_string(record, "start"))));
    } else if (record.contains("reverse_start")) {
        content.reverse_start =
            TRY(mysql::binlog::parse_position(TRY(json::get_string(record, "reverse_start"))));
    } else if (record.contains("source_end")) {
        content.source_end =
            TRY(mysql::binlog::parse_position(TRY(json::get_string(record, "source_end"))));
    } else if (record.contains("schema_hash")) {
        content.schema_hash = TRY(json::get_string(record, "schema_hash"));
        if (auto const* objects = record.if_contains("objects"); objects && objects->is_object()) {
            content.objects = objects->get_object();
        }
    } else if (auto const* intended = record.if_contains("intend")) {
        auto effect = TRY(effect_of(*intended));
        if (std::find(content.effects.begin(), content.effects.end(), effect) ==
            content.effects.end()) {
            content.effects.push_back(std::move(effect));
        }
    } else if (auto const* undone = record.if_contains("undone")) {
        std::erase(content.effects, TRY(effect_of(*undone)));
    } else {
        return Error(ErrorCode::DataLoss, "a record of an unknown kind");
    }
    return {};
}

std::string new_move_id() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

Journal::Journal(json::RecordFile file, JournalContent content)
    : file_(std::move(file)), content_(std::move(content)) {}

Result<JournalContent> Journal::read(std::string const& path) {
    JournalContent content;
    TRY(json::RecordFile::read(path, kFormat,
                               [&](auto const& record) { return apply(record, content); }));
    return content;
}

Result<Journal> Journal::open(std::string const& path, std::string const& source,
                              std::string const& target, Probe& probe) {
    JournalContent content;
    auto file = TRY(json::RecordFile::open(
        path, kFormat, [&](auto const& record) { return apply(record, content); }, probe));
    if (!content.move_id.empty() && (content.source != source || content.target != target)) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("the journal {} belongs to another move, {} → {}; name a new file "
                                 "for {} → {}",
                                 path, content.source, content.target, source, target));
    }
    bool const is_new = content.move_id.empty();
    Journal journal(std::move(file), std::move(content));
    if (is_new) {
        TRY(journal.append("header", {{kFormat, kVersion},
                                      {"move_id", new_move_id()},
                                      {"source", source},
                                      {"target", target}}));
    }
    return journal;
}

Result<void> Journal::append(std::string_view what, bj::object const& record) {
    TRY(file_.append(what, record));
    return apply(record, content_);
}

Result<void> Journal::set_state(State state, bj::object report) {
    return append(to_string(state),
                  {{"state", std::string(to_string(state))}, {"report", std::move(report)}});
}

Result<void> Journal::set_owner(Side owner) {
    return append("owner", {{"owner", std::string(to_string(owner))}});
}

Result<void> Journal::set_paused(bool paused) {
    return append("paused", {{"paused", paused}});
}

Result<void> Journal::set_reverse_kept(bool kept) {
    return append("reverse-kept", {{"reverse_kept", kept}});
}

Result<void> Journal::set_on_switch(std::string const& command) {
    return append("on-switch", {{"on_switch", command}});
}

Result<void> Journal::set_named_accounts(std::vector<Account> const& accounts) {
    return append("accounts", {{"named_accounts", accounts_to_json(accounts)}});
}

Result<void> Journal::set_accounts(Side side, std::vector<Account> const& accounts) {
    return append("accounts",
                  {{"accounts", accounts_to_json(accounts)}, {"side", to_string(side)}});
}

Result<void> Journal::set_rolling_back(bool rolling_back) {
    return append("rolling-back", {{"rolling_back", rolling_back}});
}

Result<void> Journal::set_start(mysql::binlog::Position const& position) {
    return append("start", {{"start", position.to_string()}});
}

Result<void> Journal::set_reverse_start(mysql::binlog::Position const& position) {
    return append("reverse-start", {{"reverse_start", position.to_string()}});
}

Result<void> Journal::set_source_end(mysql::binlog::Position const& position) {
    return append("source-end", {{"source_end", position.to_string()}});
}

Result<void> Journal::set_schema(std::string const& hash, bj::object objects) {
    return append("schema-hash", {{"schema_hash", hash}, {"objects", std::move(objects)}});
}

Result<void> Journal::intend(Effect const& effect) {
    auto const& effects = content_.effects;
    if (std::find(effects.begin(), effects.end(), effect) != effects.end()) return {};
    return append("intend", {{"intend", to_json(effect)}});
}

Result<void> Journal::undone(Effect const& effect) {
    return append("undone", {{"undone", to_json(effect)}});
}

std::vector<Effect> Journal::outstanding(Side side, std::string_view scope) const {
    std::vector<Effect> found;
    for (auto const& effect : content_.effects) {
        if (effect.side == side && effect.scope == scope) found.push_back(effect);
    }
    return found;
}

}  // namespace aipress::mover
