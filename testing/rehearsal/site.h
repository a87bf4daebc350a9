// One WordPress site: its own document root made of links into Debian's package, its own
// configuration, its own database account.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace aipress::rehearsal {

enum class SiteKind {
    Blog,    // large: posts, comments, page builder data
    Shop,    // WooCommerce-like tables
    Legacy,  // latin1, MyISAM, no primary key, zero dates
};
[[nodiscard]] std::string_view to_string(SiteKind kind);

struct SiteOptions {
    std::string name;  // also the database's and the account's: wp_NAME
    std::string title;
    SiteKind kind = SiteKind::Blog;
    std::filesystem::path folder;      // the site's own; made
    std::filesystem::path php_folder;  // wp-config.php, rehearsal-plugin.php, install.php, …
    std::string url;                   // http://127.0.0.1:PORT
    std::string password;              // of the database account
    std::string database_host;         // host:port that serves at first
};

// Thread safe after prepare().
class Site {
public:
    // Lays the files out. Errors: NotFound when Debian's WordPress is not installed.
    [[nodiscard]] static Result<Site> prepare(SiteOptions options);

    // By WordPress's own installer, into the empty database. Errors: Internal with PHP's output.
    [[nodiscard]] Result<void> install(Context const& context);

    [[nodiscard]] std::string const& name() const { return options_.name; }
    [[nodiscard]] SiteKind kind() const { return options_.kind; }
    [[nodiscard]] std::string const& url() const { return options_.url; }
    [[nodiscard]] std::string const& password() const { return options_.password; }
    [[nodiscard]] std::string database() const { return "wp_" + options_.name; }
    [[nodiscard]] std::string user() const { return "wp_" + options_.name; }

    // "host:port" that the next request will use.
    [[nodiscard]] std::string database_host() const;
    // Atomic: a request sees the old address or the new one.
    [[nodiscard]] Result<void> serve_from(std::string_view host_and_port) const;
    // The same as a shell command, for the mover's --on-switch: reads AIPRESS_HOST and
    // AIPRESS_PORT.
    [[nodiscard]] std::string switch_command() const;

    [[nodiscard]] static std::filesystem::path document_root(std::filesystem::path const& folder) {
        return folder / "root";
    }

private:
    explicit Site(SiteOptions options) : options_(std::move(options)) {}
    [[nodiscard]] std::filesystem::path host_file() const {
        return options_.folder / "database-host";
    }

    SiteOptions options_;
};

}  // namespace aipress::rehearsal
