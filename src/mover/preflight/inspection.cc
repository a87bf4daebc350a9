#include "mover/preflight/inspection.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace aipress::mover {
namespace {

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    });
}

}  // namespace

std::string const* ServerFacts::variable(std::string_view name) const {
    auto const found = variables.find(name);
    return found == variables.end() ? nullptr : &found->second;
}

bool ServerFacts::is(std::string_view name, std::string_view value) const {
    auto const* found = variable(name);
    return found != nullptr && equal_ignoring_case(*found, value);
}

std::uint64_t ServerFacts::number(std::string_view name, std::uint64_t otherwise) const {
    auto const* found = variable(name);
    std::uint64_t value = 0;
    if (found == nullptr ||
        std::from_chars(found->data(), found->data() + found->size(), value).ec != std::errc()) {
        return otherwise;
    }
    return value;
}

std::string ServerFacts::qualified(std::string_view name) const {
    return fmt::format("{}.{}", mysql::quote_identifier(database), mysql::quote_identifier(name));
}

Result<ServerFacts> read_facts(Context const& context, mysql::Connection& connection, Side side,
                               std::string database) {
    ServerFacts facts;
    facts.side = side;
    facts.connection = &connection;
    facts.database = std::move(database);
    auto const rows = TRY(connection.query(context, "SHOW GLOBAL VARIABLES"));
    for (auto const& row : rows.rows) {
        facts.variables.emplace(row.at(0).value_or(""), row.at(1).value_or(""));
    }
    facts.grants = TRY(Grants::read(context, connection));
    return facts;
}

void Inspection::add(Severity severity, std::string_view side, std::string code, std::string object,
                     std::string message, std::string fix) {
    report->findings.push_back({severity, std::move(code), std::string(side), std::move(object),
                                std::move(message), std::move(fix)});
}

void Inspection::fault(std::string_view side, std::string code, std::string object,
                       std::string message, std::string fix) {
    add(Severity::Fault, side, std::move(code), std::move(object), std::move(message),
        std::move(fix));
}

void Inspection::degraded(std::string_view side, std::string code, std::string object,
                          std::string message, std::string fix) {
    add(Severity::Degraded, side, std::move(code), std::move(object), std::move(message),
        std::move(fix));
}

void Inspection::notice(std::string_view side, std::string code, std::string object,
                        std::string message, std::string fix) {
    add(Severity::Notice, side, std::move(code), std::move(object), std::move(message),
        std::move(fix));
}

std::string in_megabytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} MB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace aipress::mover
