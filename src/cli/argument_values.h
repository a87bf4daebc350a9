// One argument's text turned into its value. Errors: InvalidArgument, beginning with the option's
// name: "--workers: 'x' is not a number from 1 to 32".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mover/accounts.h"
#include "mysql/endpoint.h"

namespace aipress::cli {

enum class OutputFormat { Table, Json };

// Of --format; Table when it was not given.
[[nodiscard]] Result<OutputFormat> format_value(std::string_view text);
// `password_variable`: where the password comes from when the URL has none.
[[nodiscard]] Result<mysql::Endpoint> endpoint_value(std::string_view option, std::string_view url,
                                                     char const* password_variable);
[[nodiscard]] Result<milliseconds> duration_value(std::string_view option, std::string_view text);
[[nodiscard]] Result<unsigned> number_value(std::string_view option, std::string_view text,
                                            unsigned least, unsigned most);
// The position of `text` in `choices`.
[[nodiscard]] Result<std::size_t> choice_value(std::string_view option, std::string_view text,
                                               std::span<std::string_view const> choices);
// "wp@%,'a,b'@localhost": commas inside quotes belong to the name.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);
[[nodiscard]] Result<std::vector<mover::Account>> accounts_value(std::string_view option,
                                                                 std::string_view text);

}  // namespace aipress::cli
