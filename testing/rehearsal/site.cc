#include "testing/rehearsal/site.h"

#include <fmt/format.h>
#include <fstream>

#include "testing/rehearsal/child.h"

namespace aipress::rehearsal {
namespace fs = std::filesystem;
namespace {

constexpr char const* kWordPress = "/usr/share/wordpress";  // where Debian's package puts it

// Everything of the package but its wp-config.php (Debian's own) and wp-content (the site's own).
void link_wordpress(fs::path const& root) {
    for (auto const& entry : fs::directory_iterator(kWordPress)) {
        auto const name = entry.path().filename();
        if (name != "wp-config.php" && name != "wp-content")
            fs::create_symlink(entry.path(), root / name);
    }
    auto const content = root / "wp-content";
    for (auto const* folder : {"mu-plugins", "plugins", "uploads", "languages"})
        fs::create_directories(content / folder);
    fs::create_symlink(fs::path(kWordPress) / "wp-content" / "themes", content / "themes");
}

bool write_file(fs::path const& file, std::string_view text) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text;
    return bool(stream.flush());
}

}  // namespace

std::string_view to_string(SiteKind kind) {
    switch (kind) {
        case SiteKind::Blog:
            return "blog";
        case SiteKind::Shop:
            return "shop";
        case SiteKind::Legacy:
            return "legacy";
    }
    return "unknown";
}

Result<Site> Site::prepare(SiteOptions options) {
    if (!fs::exists(fs::path(kWordPress) / "wp-includes/version.php"))
        return Error(ErrorCode::NotFound, "Debian's package wordpress is not installed");
    if (!fs::exists(fs::path(kWordPress) / "wp-content/themes/twentytwentyone"))
        return Error(ErrorCode::NotFound,
                     "Debian's package wordpress-theme-twentytwentyone is not installed");
    Site site(std::move(options));
    auto const& own = site.options_;
    try {
        auto const root = document_root(own.folder);
        fs::create_directories(root);
        link_wordpress(root);
        fs::copy_file(own.php_folder / "wp-config.php", root / "wp-config.php");
        fs::copy_file(own.php_folder / "rehearsal-plugin.php",
                      root / "wp-content/mu-plugins/rehearsal.php");
    } catch (fs::filesystem_error const& error) {
        return Error(ErrorCode::Internal, fmt::format("site {}: {}", own.name, error.what()));
    }
    auto const settings =
        fmt::format("kind={}\nurl={}\ndatabase={}\nuser={}\npassword={}\n", to_string(own.kind),
                    own.url, site.database(), site.user(), own.password);
    if (!write_file(own.folder / "site.ini", settings))
        return Error(ErrorCode::Internal, fmt::format("site {}: cannot write site.ini", own.name));
    TRY(site.serve_from(own.database_host));
    return site;
}

Result<void> Site::install(Context const& context) {
    ProcessOptions command;
    command.arguments = {
        "php8.2",
        "-d",
        "auto_prepend_file=" + (options_.php_folder / "prepend.php").string(),
        (options_.php_folder / "install.php").string(),
        options_.title,
    };
    command.environment = {{"AIPRESS_SITE_ROOT", document_root(options_.folder).string()}};
    auto const finished = TRY(run_process(context, command));
    if (!finished.status.success())
        return Error(
            ErrorCode::Internal,
            fmt::format("installing {}: php: {}: {}{}", options_.name, finished.status.describe(),
                        finished.standard_output, finished.standard_error));
    return {};
}

std::string Site::database_host() const {
    return read_text(host_file());
}

Result<void> Site::serve_from(std::string_view host_and_port) const {
    auto const next = host_file().string() + ".new";
    std::error_code error;
    if (write_file(next, host_and_port)) fs::rename(next, host_file(), error);
    if (error || database_host() != host_and_port)
        return Error(ErrorCode::Internal,
                     fmt::format("site {}: cannot write its database-host", options_.name));
    return {};
}

std::string Site::switch_command() const {
    return fmt::format(
        R"(printf '%s:%s' "$AIPRESS_HOST" "$AIPRESS_PORT" > '{0}.new' && mv '{0}.new' '{0}')",
        host_file().string());
}

}  // namespace aipress::rehearsal
