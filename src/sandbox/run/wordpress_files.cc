#include "sandbox/run/wordpress_files.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <set>

#include "sandbox/run/wordpress_php.h"

namespace aipress::sandbox::run {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

void link(fs::path const& target, fs::path const& name) {
    if (!fs::is_symlink(fs::symlink_status(name))) fs::create_symlink(target, name);
}

// Everything of the package but its wp-config.php (Debian's own) and wp-content, of which a site
// has folders of its own.
void link_wordpress(fs::path const& folder, fs::path const& root) {
    auto const content = root / "wp-content";
    for (auto const* const name : {"mu-plugins", "uploads", "languages"}) {
        fs::create_directories(content / name);
    }
    for (auto const& entry : fs::directory_iterator(kWordPress)) {
        auto const name = entry.path().filename();
        if (name != "wp-config.php" && name != "wp-content") link(entry.path(), root / name);
    }
    for (auto const* const name : {"themes", "plugins"}) {
        link(fs::path(kWordPress) / "wp-content" / name, content / name);
    }
    link(folder / "wp-config.php", root / "wp-config.php");
    link(folder / "sandbox-plugin.php", content / "mu-plugins/sandbox.php");
}

Error disk_error(fs::path const& file, std::string_view why) {
    return {ErrorCode::Unavailable, fmt::format("writing '{}': {}", file.string(), why)};
}

}  // namespace

fs::path revision_folder(fs::path const& folder, std::string_view pool) {
    return folder / "revisions" / pool;
}

Result<void> write_file(fs::path const& file, std::string_view text, Access access) {
    auto const next = file.string() + ".new";
    std::error_code failure;
    fs::remove(next, failure);
    {
        std::ofstream stream(next, std::ios::binary | std::ios::trunc);
        // Before anything is in it.
        if (access == Access::OwnerOnly) {
            fs::permissions(next, fs::perms::owner_read | fs::perms::owner_write, failure);
            if (failure) return disk_error(file, failure.message());
        }
        stream << text;
        if (!stream.flush()) return disk_error(file, "it is incomplete");
    }
    fs::rename(next, file, failure);
    if (failure) return disk_error(file, failure.message());
    return {};
}

Result<void> write_shared_files(fs::path const& folder) {
    std::error_code failure;
    fs::create_directories(folder / "revisions", failure);
    if (failure) return disk_error(folder, failure.message());
    TRY(write_file(folder / "prepend.php", prepend_php(), Access::Everybody));
    TRY(write_file(folder / "wp-config.php", configuration_php(), Access::Everybody));
    return write_file(folder / "sandbox-plugin.php", plugin_php(), Access::Everybody);
}

Result<void> lay_out(fs::path const& folder, Pool const& pool) {
    auto const own = revision_folder(folder, pool.id);
    try {
        fs::create_directories(own / "root");
        link_wordpress(folder, own / "root");
    } catch (fs::filesystem_error const& error) {
        return disk_error(own, error.what());
    }
    json::object environment;
    for (auto const& [name, value] : pool.environment) environment[name] = value;
    json::object const instance{{"environment", std::move(environment)},
                                {"bucket", pool.uploads.bucket},
                                {"folder", pool.uploads.folder}};
    return write_file(own / "instance.json", json::serialize(instance), Access::OwnerOnly);
}

void sweep_revisions(fs::path const& folder, SitePlan const& plan) {
    std::set<std::string> wanted;
    for (auto const& pool : plan.pools) wanted.insert(pool.id);
    std::error_code failure;
    std::vector<fs::path> old;
    for (auto const& entry : fs::directory_iterator(folder / "revisions", failure)) {
        if (!wanted.contains(entry.path().filename().string())) old.push_back(entry.path());
    }
    for (auto const& path : old) fs::remove_all(path, failure);
}

}  // namespace aipress::sandbox::run
