#include "mover/gate_sessions.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "mover/sql_pattern.h"

namespace aipress::mover {
namespace {

constexpr std::string_view kScheduler = "event_scheduler";

bool like(std::string_view pattern, std::string_view host) {
    return matches_sql_pattern(pattern, host, LetterCase::Ignored);
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
    in_addr address{};
    if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

// "198.51.100.0/255.255.255.0", and MySQL 8's "198.51.100.0/24".
bool in_network(std::string_view pattern, std::string_view host) {
    auto const slash = pattern.find('/');
    if (slash == std::string_view::npos) return false;
    auto const network = parse_ipv4(pattern.substr(0, slash));
    auto const address = parse_ipv4(host);
    auto const mask_text = pattern.substr(slash + 1);
    auto mask = parse_ipv4(mask_text);
    if (!mask) {
        unsigned bits = 0;
        auto const* const end = mask_text.data() + mask_text.size();
        if (std::from_chars(mask_text.data(), end, bits).ptr != end || bits > 32) return false;
        mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    }
    return network && address && (*address & *mask) == *network;
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

std::string_view without_port(std::string_view host) {
    auto const colon = host.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == host.size()) return host;
    auto const port = host.substr(colon + 1);
    bool const is_number =
        std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    // "::1" has a number behind its last colon, but is no host with a port.
    if (!is_number || host.substr(0, colon).ends_with(':')) return host;
    return host.substr(0, colon);
}

// How late the first wildcard comes: servers try the most specific host first.
std::size_t specificity(std::string_view host) {
    return host.find_first_of("%_");  // npos without one: before all others
}

}  // namespace

std::string Session::describe() const {
    return fmt::format("session {} ({}@{}, {}{}{})", id, user, host, command,
                       state.empty() ? "" : ": ", state);
}

bool host_matches(std::string_view pattern, std::string_view host) {
    if (pattern.empty() || in_network(pattern, host) || like(pattern, host)) return true;
    if (!is_loopback(host)) return false;
    constexpr std::array<std::string_view, 3> kNames{"localhost", "127.0.0.1", "::1"};
    return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
        return in_network(pattern, name) || like(pattern, name);
    });
}

SessionClassifier::SessionClassifier(std::string database, std::vector<Account> fenced,
                                     std::vector<Account> all_accounts,
                                     std::vector<Account> definers)
    : database_(std::move(database)),
      fenced_(std::move(fenced)),
      by_precedence_(std::move(all_accounts)),
      definers_(std::move(definers)) {
    std::stable_sort(by_precedence_.begin(), by_precedence_.end(),
                     [](Account const& left, Account const& right) {
                         auto const left_rank = specificity(left.host);
                         auto const right_rank = specificity(right.host);
                         if (left_rank != right_rank) return left_rank > right_rank;
                         return !left.user.empty() && right.user.empty();
                     });
}

bool SessionClassifier::is_fenced(std::string_view user, std::string_view host) const {
    return std::any_of(fenced_.begin(), fenced_.end(), [&](Account const& account) {
        return account.user == user && account.host == host;
    });
}

// A client's own host is an address or a name; only as a definer's may it be a pattern. A definer
// with a plain host cannot be told from a client of that account which is executing something.
bool SessionClassifier::shows_a_definer(Session const& session) const {
    bool const is_executing =
        session.command == "Query" || session.command == "Execute" || session.command == "Killed";
    return is_executing &&
           contains(definers_, {session.user, std::string(without_port(session.host))});
}

bool SessionClassifier::belongs_to_fenced(Session const& session) const {
    auto const host = without_port(session.host);
    for (auto const& account : by_precedence_) {
        if (!account.user.empty() && account.user != session.user) continue;
        if (host_matches(account.host, host)) return is_fenced(account.user, account.host);
    }
    // A client whose address we cannot relate to any account (a name where the account has a
    // number): better one session too many than a writer behind the fence.
    return std::any_of(fenced_.begin(), fenced_.end(),
                       [&](Account const& account) { return account.user == session.user; });
}

SessionKind SessionClassifier::kind(Session const& session) const {
    if (session.user == "system user" || session.user == "unauthenticated user") {
        return SessionKind::Foreign;
    }
    if (session.user == kScheduler) {
        return session.command == "Daemon" ? SessionKind::Foreign : SessionKind::EventStarting;
    }
    // A run of an event shows the definer as its user, the definer's host pattern as its host and
    // the event's database; a client in its handshake has no database yet.
    bool const is_connecting = session.command == "Connect" || session.command == "Daemon";
    if (is_connecting && !session.database.empty()) {
        bool const is_ours = session.database == database_ || is_fenced(session.user, session.host);
        return is_ours ? SessionKind::EventRun : SessionKind::Foreign;
    }
    if (!belongs_to_fenced(session)) {
        return shows_a_definer(session) ? SessionKind::DefinerRun : SessionKind::Foreign;
    }
    return is_connecting ? SessionKind::Authenticating : SessionKind::Tenant;
}

}  // namespace aipress::mover
