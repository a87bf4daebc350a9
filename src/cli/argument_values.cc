#include "cli/argument_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>

#include "cli/durations.h"

namespace aipress::cli {

Result<mysql::Endpoint> endpoint_value(std::string_view option, std::string_view url,
                                       char const* password_variable) {
    auto endpoint = TRY(mysql::parse_url(url).in_context(option));
    if (endpoint.database.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     fmt::format("{}: the URL names no database: …{}:{}/DATABASE", option,
                                 endpoint.host, endpoint.port));
    }
    if (endpoint.password.empty()) {
        auto const* const password = std::getenv(password_variable);
        if (password != nullptr) endpoint.password = password;
    }
    return endpoint;
}

Result<milliseconds> duration_value(std::string_view option, std::string_view text) {
    return parse_duration(text).in_context(option);
}

Result<unsigned> number_value(std::string_view option, std::string_view text, unsigned least,
                              unsigned most) {
    unsigned number = 0;
    auto const* const end = text.data() + text.size();
    auto const [read_to, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc() || read_to != end || number < least || number > most) {
        return Error(
            ErrorCode::InvalidArgument,
            fmt::format("{}: '{}' is not a number from {} to {}", option, text, least, most));
    }
    return number;
}

Result<std::size_t> choice_value(std::string_view option, std::string_view text,
                                 std::span<std::string_view const> choices) {
    auto const found = std::find(choices.begin(), choices.end(), text);
    if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
    return Error(ErrorCode::InvalidArgument,
                 fmt::format("{}: '{}' is none of {}", option, text, fmt::join(choices, ", ")));
}

Result<OutputFormat> format_value(std::string_view text) {
    constexpr std::array<std::string_view, 2> kChoices{"table", "json"};
    if (text.empty()) return OutputFormat::Table;
    return static_cast<OutputFormat>(TRY(choice_value("--format", text, kChoices)));
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> items(1);
    char quote = 0;
    for (char const c : text) {
        if (quote == 0 && c == ',') {
            items.emplace_back();
            continue;
        }
        if (quote == 0 && (c == '\'' || c == '"' || c == '`')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        }
        items.back() += c;
    }
    return items;
}

Result<std::vector<mover::Account>> accounts_value(std::string_view option, std::string_view text) {
    std::vector<mover::Account> accounts;
    for (auto const& item : split_list(text)) {
        accounts.push_back(TRY(mover::parse_account(item).in_context(option)));
    }
    return accounts;
}

}  // namespace aipress::cli
