// Room on the target's disk, where the server tells.
#include <charconv>
#include <fmt/format.h>

#include "mover/preflight/inspection.h"

namespace aipress::mover {
namespace {

std::uint64_t number_of(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// Rows and indexes, and the same again for the target's own binary log.
Result<std::uint64_t> needed_bytes(Inspection& inspection) {
    auto const size = TRY(inspection.source.connection->query(
        inspection.context,
        fmt::format("SELECT CAST(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) "
                    "FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
                    mysql::quote_text(inspection.source.database))));
    return 2 * number_of(size.scalar().value_or("0"));
}

// Bytes free on the file system of the data directory; nullopt where the server does not tell.
Result<std::optional<std::uint64_t>> free_bytes(Inspection& inspection) {
    auto& target = *inspection.target.connection;
    if (!inspection.target.version().is_mariadb()) return std::optional<std::uint64_t>();
    auto const plugin =
        TRY(target.query(inspection.context,
                         "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'DISKS' "
                         "AND PLUGIN_STATUS = 'ACTIVE'"));
    if (plugin.rows.empty()) return std::optional<std::uint64_t>();
    auto const disks = target.query(
        inspection.context,
        "SELECT Available FROM information_schema.DISKS WHERE @@datadir LIKE "
        "CONCAT(TRIM(TRAILING '/' FROM Path), '/%') ORDER BY LENGTH(Path) DESC LIMIT 1");
    if (!disks.ok() || disks.value().rows.empty()) return std::optional<std::uint64_t>();
    return std::optional(number_of(disks.value().scalar().value_or("0")) << 10);
}

}  // namespace

void judge_disk(Inspection& inspection, std::uint64_t needed, std::optional<std::uint64_t> free) {
    if (!free) {
        inspection.notice(
            "target", "disk-unseen", "",
            fmt::format("the target does not tell how much disk is free; the move "
                        "takes about {}, binary log included",
                        in_megabytes(needed)),
            inspection.target.version().is_mariadb() ? "INSTALL SONAME 'disks';" : "");
    } else if (*free < needed) {
        inspection.fault("target", "disk-full", "",
                         fmt::format("the move takes about {}, binary log included; {} are free",
                                     in_megabytes(needed), in_megabytes(*free)),
                         "make room on the disk of the target's data directory");
    }
}

Result<void> check_disk(Inspection& inspection) {
    // What a half-made copy takes already cannot be told from what it still needs.
    if (inspection.target_content == TargetContent::MayBeOurs) return {};
    auto const needed = TRY(needed_bytes(inspection));
    judge_disk(inspection, needed, TRY(free_bytes(inspection)));
    return {};
}

}  // namespace aipress::mover
