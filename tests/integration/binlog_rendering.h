// Our row changes in the words of `mariadb-binlog --base64-output=decode-rows -vv`, to compare the
// two line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mysql/binlog/event.h"

namespace aipress::testing {

// "### INSERT INTO `s`.`t`", "### SET", "###   @1=5" … A value that the tool shows as stored, not
// as it is (COMPRESSED columns), is "?".
[[nodiscard]] std::vector<std::string> rendered_rows(
    std::vector<mysql::binlog::Event> const& events);

// The same lines out of the tool's output: no comments, no trailing spaces.
[[nodiscard]] std::vector<std::string> rows_of_tool_output(std::string_view output);

}  // namespace aipress::testing
