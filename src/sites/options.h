// What a site's database says of itself: WordPress's table of options.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "mysql/connection.h"

namespace aipress::sites {

struct BrokenOption {
    std::string name = {};
    std::string why = {};  // the place and what is wrong there; nothing of the value
};

// No value of an option is in it, but for the three that are named.
struct OptionsReport {
    std::uint64_t options = 0;
    std::uint64_t serialized = 0;  // those that look like PHP's serialization
    std::string site_url = {};
    std::string home = {};
    std::vector<std::string> active_plugins = {};   // "akismet/akismet.php", sorted
    std::uint64_t broken = 0;                       // that look like it and do not unserialize
    std::vector<BrokenOption> broken_options = {};  // the first limits::kBrokenOptions of them
};

// Reads all of PREFIXoptions in the connection's database, one row at a time. Errors: those of the
// server; InvalidArgument for a prefix that WordPress would not take; DataLoss when siteurl, home
// or active_plugins is missing.
[[nodiscard]] Result<OptionsReport> check_options(Context const& context,
                                                  mysql::Connection& connection,
                                                  std::string_view table_prefix);

// What is not as it was, in words; empty: siteurl, home and the set of active plugins are the same,
// and no option is broken that was not broken before. Options that come and go (transients) are
// none of it.
[[nodiscard]] std::vector<std::string> compare_options(OptionsReport const& before,
                                                       OptionsReport const& after);

}  // namespace aipress::sites
