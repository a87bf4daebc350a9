#include "mover/statement_filter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace aipress::mover {
namespace {

char upper(char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// The first words of a statement, upper case, comments skipped; the inside of an executable comment
// ("/*!40005 TEMPORARY */") counts as text.
std::vector<std::string> first_words(std::string_view text, std::size_t most) {
    std::vector<std::string> words;
    std::size_t i = 0;
    while (i < text.size() && words.size() < most) {
        if (text.substr(i).starts_with("/*!") || text.substr(i).starts_with("/*M!")) {
            i = text.find('!', i) + 1;
            while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0) ++i;
        } else if (text.substr(i).starts_with("/*")) {
            auto const end = text.find("*/", i + 2);
            i = end == std::string_view::npos ? text.size() : end + 2;
        } else if (text.substr(i).starts_with("-- ") || text[i] == '#') {
            auto const end = text.find('\n', i);
            i = end == std::string_view::npos ? text.size() : end + 1;
        } else if (is_word(text[i])) {
            std::string word;
            while (i < text.size() && is_word(text[i])) word += upper(text[i++]);
            words.push_back(std::move(word));
        } else {
            ++i;
        }
    }
    return words;
}

// As an identifier of its own: a neighbour's wp_options does not speak of the database wp. In
// doubt, yes: a digit in front may be the end of a version comment's opening.
bool mentions(std::string_view text, std::string_view name) {
    auto const goes_on = [](char c) {
        return is_word(c) || c == '$' || static_cast<unsigned char>(c) >= 0x80;
    };
    auto const same = [](char a, char b) { return upper(a) == upper(b); };
    for (auto from = text.begin();; ++from) {
        from = std::search(from, text.end(), name.begin(), name.end(), same);
        if (from == text.end()) return false;
        auto const behind = from + static_cast<std::ptrdiff_t>(name.size());
        bool const begins = from == text.begin() || !goes_on(name.front()) || !goes_on(from[-1]) ||
                            (from[-1] >= '0' && from[-1] <= '9');
        bool const ends = behind == text.end() || !goes_on(name.back()) || !goes_on(*behind);
        if (begins && ends) return true;
    }
}

template <std::size_t N>
bool is_one_of(std::string_view word, std::array<std::string_view, N> const& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 18> kHarmless = {
    "BEGIN", "START",  "SAVEPOINT", "RELEASE", "ROLLBACK",  "COMMIT",
    "GRANT", "REVOKE", "FLUSH",     "ANALYZE", "OPTIMIZE",  "REPAIR",
    "CHECK", "XA",     "SET",       "INSTALL", "UNINSTALL", "KILL"};
constexpr std::array<std::string_view, 9> kDataChanges = {
    "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "CALL", "DO", "WITH", "IMPORT"};
// CREATE / ALTER / DROP / RENAME of these does not touch a tenant's tables.
constexpr std::array<std::string_view, 9> kHarmlessObjects = {
    "USER",    "ROLE",     "EVENT",    "SERVER",   "TABLESPACE",
    "LOGFILE", "INSTANCE", "RESOURCE", "TEMPORARY"};
constexpr std::array<std::string_view, 6> kObjectPrefixes = {"OR",     "REPLACE", "DEFINER",
                                                             "ONLINE", "IGNORE",  "AGGREGATE"};

// The object of a CREATE, ALTER, DROP or RENAME: the first word that is no prefix of one. A DEFINER
// clause ("DEFINER=`a`@`b` EVENT") puts an account in between.
bool is_harmless_definition(std::vector<std::string> const& words) {
    bool after_definer = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (is_one_of(words[i], kHarmlessObjects)) return true;
        if (is_one_of(words[i], kObjectPrefixes)) {
            after_definer = after_definer || words[i] == "DEFINER";
            continue;
        }
        static constexpr std::array<std::string_view, 10> kTenantObjects = {
            "TABLE",     "INDEX",    "UNIQUE",   "VIEW",   "TRIGGER",
            "PROCEDURE", "FUNCTION", "DATABASE", "SCHEMA", "SEQUENCE"};
        if (is_one_of(words[i], kTenantObjects) || !after_definer) return false;
    }
    return false;
}

}  // namespace

StatementMeaning classify_statement(mysql::binlog::Query const& query, std::string_view schema) {
    auto const words = first_words(query.text, 12);
    if (words.empty()) return StatementMeaning::Harmless;  // a dummy event is a mere comment
    if (is_one_of(words[0], kHarmless) && words[0] != "SET") return StatementMeaning::Harmless;
    if (query.schema != schema && !mentions(query.text, schema)) return StatementMeaning::Harmless;
    if (words[0] == "SET") {
        // SET PASSWORD and the like; SET STATEMENT … FOR runs another statement.
        bool const runs_statement = words.size() > 1 && words[1] == "STATEMENT";
        return runs_statement ? StatementMeaning::DataChange : StatementMeaning::Harmless;
    }
    if (is_one_of(words[0], kDataChanges)) return StatementMeaning::DataChange;
    if (words[0] == "CREATE" || words[0] == "ALTER" || words[0] == "DROP" || words[0] == "RENAME") {
        return is_harmless_definition(words) ? StatementMeaning::Harmless : StatementMeaning::Ddl;
    }
    return StatementMeaning::Ddl;
}

}  // namespace aipress::mover
