#include "sites/options.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sites/limits.h"
#include "sites/php_serialized.h"

namespace aipress::sites {
namespace {

// The strings of a serialized list. REQUIRES: check_php_serialized() has passed.
std::vector<std::string> strings_of(std::string_view text) {
    std::vector<std::string> all;
    for (std::size_t at = text.find('{'); at < text.size();) {
        if (text.substr(at, 2) != "s:") {
            ++at;
            continue;
        }
        std::size_t length = 0;
        auto const* const begin = text.data() + at + 2;
        auto const [end, failure] = std::from_chars(begin, text.data() + text.size(), length);
        if (failure != std::errc()) break;
        auto const bytes = static_cast<std::size_t>(end - text.data()) + 2;  // behind :"
        all.emplace_back(text.substr(bytes, length));
        at = bytes + length;
    }
    std::sort(all.begin(), all.end());
    return all;
}

bool is_table_prefix(std::string_view prefix) {
    // wp-config's own rule (wpdb::set_prefix): letters, digits and underscores.
    return prefix.size() <= 50 && std::all_of(prefix.begin(), prefix.end(), [](char letter) {
               return letter == '_' || (letter >= '0' && letter <= '9') ||
                      (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
           });
}

struct Found {
    bool site_url = false;
    bool home = false;
    bool plugins = false;
};

void take_option(std::string_view name, std::string_view value, OptionsReport& report,
                 Found& found) {
    ++report.options;
    if (name == "siteurl") {
        report.site_url = value;
        found.site_url = true;
    } else if (name == "home") {
        report.home = value;
        found.home = true;
    }
    if (!looks_php_serialized(value)) return;
    ++report.serialized;
    auto const checked = check_php_serialized(value);
    if (!checked.ok()) {
        ++report.broken;
        if (report.broken_options.size() < limits::kBrokenOptions) {
            report.broken_options.push_back({std::string(name), checked.error().message()});
        }
        return;
    }
    if (name == "active_plugins") {
        report.active_plugins = strings_of(value);
        found.plugins = true;
    }
}

bool is_broken_in(OptionsReport const& report, std::string_view name) {
    return std::any_of(report.broken_options.begin(), report.broken_options.end(),
                       [&](auto const& option) { return option.name == name; });
}

}  // namespace

Result<OptionsReport> check_options(Context const& context, mysql::Connection& connection,
                                    std::string_view table_prefix) {
    if (!is_table_prefix(table_prefix)) {
        return Error(ErrorCode::InvalidArgument,
                     "a table prefix has letters, digits and underscores only, as in \"wp_\"");
    }
    auto const table = fmt::format("{}options", table_prefix);
    auto rows = TRY(connection
                        .stream(context, fmt::format("SELECT option_name, option_value FROM {}",
                                                     mysql::quote_identifier(table)))
                        .in_context(fmt::format("reading {}", table)));
    OptionsReport report;
    Found found;
    while (auto const row = TRY(rows.next().in_context(fmt::format("reading {}", table)))) {
        take_option((*row)[0].value_or(""), (*row)[1].value_or(""), report, found);
    }
    if (found.site_url && found.home && found.plugins) return report;
    if (is_broken_in(report, "active_plugins")) return report;
    return Error(
        ErrorCode::DataLoss,
        fmt::format("{} has {} options, and no {}: it is no WordPress site's", table,
                    report.options,
                    !found.site_url ? "siteurl" : (!found.home ? "home" : "active_plugins")));
}

std::vector<std::string> compare_options(OptionsReport const& before, OptionsReport const& after) {
    std::vector<std::string> differences;
    auto const compare = [&](std::string_view what, std::string const& was, std::string const& is) {
        if (was != is)
            differences.push_back(fmt::format("{} was \"{}\", is \"{}\"", what, was, is));
    };
    compare("siteurl", before.site_url, after.site_url);
    compare("home", before.home, after.home);
    compare("active_plugins", fmt::format("{}", fmt::join(before.active_plugins, ", ")),
            fmt::format("{}", fmt::join(after.active_plugins, ", ")));
    std::uint64_t named = 0;
    for (auto const& option : after.broken_options) {
        if (is_broken_in(before, option.name)) continue;
        ++named;
        differences.push_back(
            fmt::format("option {} does not unserialize any more: {}", option.name, option.why));
    }
    if (named == 0 && after.broken > before.broken) {
        differences.push_back(fmt::format("{} options do not unserialize; it was {} before",
                                          after.broken, before.broken));
    }
    return differences;
}

}  // namespace aipress::sites
