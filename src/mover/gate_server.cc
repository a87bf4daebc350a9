#include "mover/gate_server.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace aipress::mover {
namespace {

using mysql::quote_text;

// Numbers: MariaDB's mysqld_error.h; the same in MySQL.
constexpr unsigned kErNoSuchThread = 1094;
constexpr unsigned kErPasswordNoMatch = 1133;  // "Can't find any matching row in the user table"
constexpr unsigned kErNonexistingGrant = 1141;
constexpr unsigned kErCannotUser = 1396;

std::uint64_t number(std::string const& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool is_ascii(std::string const& text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// A statement is read in the session's character set: a name outside of ASCII has to be in it.
Result<std::string> in_character_set(Context const& context, mysql::Connection& admin,
                                     std::string const& sql, std::string const& character_set) {
    if (is_ascii(sql) || character_set == "binary") return sql;
    auto const converted =
        TRY(admin.query(context, fmt::format("SELECT CONVERT(CONVERT({} USING utf8) USING {})",
                                             quote_text(sql), character_set)));
    return converted.scalar().value_or(sql);
}

Result<void> run_in_character_set(Context const& context, mysql::Connection& admin,
                                  GateEvent const& event, std::string const& sql) {
    auto const statement = TRY(in_character_set(context, admin, sql, event.character_set_client));
    TRY(admin.execute(context,
                      fmt::format("SET character_set_client = {}, collation_connection = {}",
                                  event.character_set_client, event.collation_connection)));
    TRY(admin.execute(context, statement));
    return {};
}

std::string joined(std::vector<std::string> const& parts) {
    return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

bool says_no_such_account(Error const& error) {
    return error.native_code() == kErPasswordNoMatch ||
           error.native_code() == kErNonexistingGrant || error.native_code() == kErCannotUser;
}

Result<std::vector<GateEvent>> list_events(Context const& context, mysql::Connection& admin,
                                           std::string const& database,
                                           std::vector<Account> const& accounts) {
    std::vector<std::string> definers{"''"};
    for (auto const& account : accounts) {
        definers.push_back(quote_text(account.user + "@" + account.host));
    }
    auto const rows = TRY(admin.query(
        context,
        fmt::format("SELECT EVENT_SCHEMA AS s, EVENT_NAME AS n, DEFINER AS d, STATUS AS st,"
                    " CHARACTER_SET_CLIENT AS cs, COLLATION_CONNECTION AS co"
                    " FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {} OR DEFINER IN ({})"
                    " ORDER BY EVENT_SCHEMA, EVENT_NAME",
                    quote_text(database), joined(definers))));
    std::vector<GateEvent> events;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        GateEvent event;
        event.object = mysql::quote_identifier(rows.text(i, "s")) + "." +
                       mysql::quote_identifier(rows.text(i, "n"));
        event.definer = quoted_definer(rows.text(i, "d"));
        event.is_enabled = rows.text(i, "st") == "ENABLED";
        event.character_set_client = rows.text(i, "cs");
        event.collation_connection = rows.text(i, "co");
        events.push_back(std::move(event));
    }
    return events;
}

Result<void> alter_event(Context const& context, mysql::Connection& admin, GateEvent const& event,
                         std::string const& sql) {
    auto altered = run_in_character_set(context, admin, event, sql);
    auto restored = admin.execute(context, "SET NAMES binary");
    TRY(std::move(altered).in_context("event " + event.object));
    TRY(std::move(restored));
    return {};
}

Result<std::optional<bool>> is_account_locked(Context const& context, mysql::Connection& admin,
                                              Account const& account) {
    auto shown = admin.query(context, "SHOW CREATE USER " + account.quoted());
    if (!shown.ok() && says_no_such_account(shown.error())) return std::optional<bool>();
    auto const rows = TRY(std::move(shown).in_context("account " + account.quoted()));
    return std::optional<bool>(says_account_locked(rows.scalar().value_or("")));
}

Result<std::vector<Grant>> list_grants(Context const& context, mysql::Connection& admin,
                                       Account const& account, std::string const& database) {
    std::vector<Grant> grants;
    auto shown = admin.query(context, "SHOW GRANTS FOR " + account.quoted());
    if (!shown.ok() && says_no_such_account(shown.error())) return grants;
    auto const rows = TRY(std::move(shown).in_context("account " + account.quoted()));
    for (auto const& row : rows.rows) {
        if (auto grant = grant_on_database(row[0].value_or(""), database)) {
            grants.push_back(std::move(*grant));
        }
    }
    return grants;
}

namespace {

Result<std::vector<Account>> list_definers(Context const& context, mysql::Connection& admin,
                                           std::string const& database) {
    auto const rows = TRY(admin.query(
        context, fmt::format("SELECT DEFINER AS d FROM information_schema.TRIGGERS"
                             " WHERE TRIGGER_SCHEMA = {0} UNION SELECT DEFINER"
                             " FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {0}",
                             quote_text(database))));
    std::vector<Account> definers;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        auto const& definer = rows.text(i, "d");
        auto const at = definer.rfind('@');  // a user name may hold one, a host may not
        if (at == std::string::npos) continue;
        definers.push_back({definer.substr(0, at), definer.substr(at + 1)});
    }
    return definers;
}

}  // namespace

Result<SessionClassifier> make_classifier(Context const& context, mysql::Connection& admin,
                                          std::string const& database,
                                          std::vector<Account> const& accounts) {
    std::vector<std::string> users{"''"};
    for (auto const& account : accounts) users.push_back(quote_text(account.user));
    auto const rows =
        TRY(admin.query(context, fmt::format("SELECT User AS u, Host AS h FROM mysql.user"
                                             " WHERE User IN ({}) AND Host <> ''",
                                             joined(users))));
    std::vector<Account> all;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        all.push_back({rows.text(i, "u"), rows.text(i, "h")});
    }
    return SessionClassifier(database, accounts, std::move(all),
                             TRY(list_definers(context, admin, database)));
}

Result<std::vector<Session>> list_sessions(Context const& context, mysql::Connection& admin) {
    auto const rows =
        TRY(admin.query(context,
                        "SELECT ID AS i, USER AS u, HOST AS h, DB AS d, COMMAND AS c, STATE AS st"
                        " FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()"));
    std::vector<Session> sessions;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        sessions.push_back({number(rows.text(i, "i")), rows.text(i, "u"), rows.text(i, "h"),
                            rows.text(i, "d"), rows.text(i, "c"), rows.text(i, "st")});
    }
    return sessions;
}

namespace {

Result<void> kill(Context const& context, mysql::Connection& admin, std::string_view what,
                  std::uint64_t id) {
    auto killed = admin.execute(context, fmt::format("{} {}", what, id));
    if (!killed.ok() && killed.error().native_code() == kErNoSuchThread) return {};
    TRY(std::move(killed).in_context(fmt::format("ending session {}", id)));
    return {};
}

}  // namespace

Result<void> kill_session(Context const& context, mysql::Connection& admin, std::uint64_t id) {
    return kill(context, admin, "KILL", id);
}

Result<void> cancel_statement(Context const& context, mysql::Connection& admin, std::uint64_t id) {
    return kill(context, admin, "KILL QUERY", id);
}

}  // namespace aipress::mover
